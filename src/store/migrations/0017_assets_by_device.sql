-- A gateway's machines, asked for one gateway of ten thousand.
CREATE INDEX assets_by_device ON assets (device, area, asset);
