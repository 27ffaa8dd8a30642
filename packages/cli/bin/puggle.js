#!/usr/bin/env node
// A committed file, so that npm can link it before anything is built.
const [major, minor] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 19)) {
  console.error(`error: puggle needs Node.js 22.19 or newer, and this is ${process.versions.node}`);
  process.exit(70);
}
await import("../dist/main.js");
