#!/usr/bin/env node
"use strict";
// Starts dbbackup under a Node that is new enough: the running one, or the one that npm installed beside us.
// Old syntax on purpose: this file must at least parse, and explain itself, under any Node.

var fs = require("fs");
var path = require("path");

var NEEDED = [24, 15];
var root = path.join(__dirname, "..");
var bundle = path.join(root, "dist", "dbbackup.mjs");
var source = path.join(root, "src", "main", "cli.ts");
var program = fs.existsSync(source) ? source : bundle;

function isNewEnough(version) {
  var parts = version.split(".").map(Number);
  return parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1]);
}

function bundledNode() {
  try {
    var manifest = require.resolve("node-" + process.platform + "-" + process.arch + "/package.json", {
      paths: [root],
    });
    var binary = path.join(path.dirname(manifest), "bin", "node");
    return fs.existsSync(binary) ? binary : undefined;
  } catch {
    return undefined;
  }
}

function fail(message) {
  process.stderr.write("dbbackup: error: " + message + "\n");
  process.exit(2);
}

function runHere() {
  var nodeModule = require("module");
  if (nodeModule.enableCompileCache) nodeModule.enableCompileCache();
  // A dynamic import in old syntax would be a syntax error in Node 8 and older; this way only old Nodes never get here.
  new Function("url", "return import(url)")(require("url").pathToFileURL(program).href).catch((error) => {
    process.stderr.write("dbbackup: error: " + ((error && error.stack) || error) + "\n");
    process.exitCode = 1;
  });
}

if (isNewEnough(process.versions.node)) {
  runHere();
} else {
  var node = bundledNode();
  if (!node) fail("Node.js " + NEEDED.join(".") + " or newer is needed: install it, or run npm ci in " + root);
  var child = require("child_process").spawnSync(node, [__filename].concat(process.argv.slice(2)), {
    stdio: "inherit",
  });
  process.exitCode = child.status === null ? 1 : child.status;
}
