export const hubTests = () => [];
