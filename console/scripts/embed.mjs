// Writes a built console as C++: gzipped arrays behind console/assets.h. Same input, same bytes.
//   node scripts/embed.mjs DIST OUT.cpp
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { gzipSync } from "node:zlib";

const kMime = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

const [dist, out] = process.argv.slice(2);
if (!dist || !out) {
  console.error("usage: node scripts/embed.mjs DIST OUT.cpp");
  process.exit(2);
}

// Byte order, not locale order: the C++ test checks it.
const names = readdirSync(dist).sort((a, b) => (a < b ? -1 : 1));
const arrays = [];
const rows = [];
names.forEach((name, index) => {
  const mime = kMime[extname(name)];
  if (!mime) throw new Error(`embed: no MIME type is known for ${name}`);
  const bytes = readFileSync(join(dist, name));
  const etag = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
  const packed = gzipSync(bytes, { level: 9 });
  packed[9] = 255; // the operating system field: the same bytes wherever it is built
  const lines = [];
  for (let at = 0; at < packed.length; at += 24) lines.push("    " + [...packed.subarray(at, at + 24)].join(","));
  arrays.push(`constexpr unsigned char kFile${index}[] = {  // ${name}\n${lines.join(",\n")}};\n`);
  const immutable = /-[0-9A-Z]{8}\.(js|css)$/.test(name);
  rows.push(`    {"/${name}", "${mime}", "\\"${etag}\\"", kFile${index}, ${immutable}},`);
});

mkdirSync(dirname(out), { recursive: true });
writeFileSync(
  out,
  `// Made by console/scripts/embed.mjs.
#include "console/assets.h"

#include <array>

namespace millwright::console {
namespace {

${arrays.join("\n")}
constexpr std::array<Asset, ${rows.length}> kAssets = {{
${rows.join("\n")}
}};

}  // namespace

std::span<const Asset> Assets() { return kAssets; }

}  // namespace millwright::console
`,
);
