/** Jest's defaults, but for a transform: these files are what Node runs. */
module.exports = {
  testEnvironment: "node",
  testMatch: ["**/*.jest.{cjs,mjs}"],
  transform: {},
  moduleFileExtensions: ["cjs", "mjs", "js", "json"],
};
