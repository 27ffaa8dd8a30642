const http = require("node:http");
const { instrumentUndici, register, stats } = require("@puggle/propagation");
const express = require("express");
const undici = require("undici");
const { arrived, exchange } = require("./exchange.cjs");

test("names arrive once in a CommonJS test", async () => {
  register();
  instrumentUndici(undici);
  const { sent } = stats();
  expect(await exchange({ express, http, undici })).toEqual(arrived("vc-1", [], "vc-2"));
  expect(stats().sent - sent).toBe(6);
  console.log(`sent: ${stats().sent}`);
});
