const http = require("node:http");
const express = require("express");
const undici = require("undici");
require("./serve.cjs").serve({ express, http, undici });
