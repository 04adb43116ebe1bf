#!/usr/bin/env node
"use strict";
// Starts dbbackup under a Node that is new enough: the running one, or the one that npm installed beside us.
// Old syntax on purpose: this file must at least parse, and explain itself, under any Node.

var fs = require("fs");
var os = require("os");
var path = require("path");

var NEEDED = [24, 15];
/**
 * V8 collects young objects a megabyte at a time. To wake a thread for that and to wait for it takes longer than the work, when the
 * other processors have a server or compressors to run: alone it is done in a tenth less CPU time of a catalogue of 10,000 tables.
 */
var V8_FLAG = "--no-parallel-scavenge";
var LEAST_THREADS = 4;
/** As many as compress beside each other at most. */
var MOST_THREADS = 16;
var SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
var root = path.join(__dirname, "..");
var source = path.join(root, "src", "main", "cli.ts");
var isCheckout = fs.existsSync(source);
var program = isCheckout ? source : path.join(root, "dist", "dbbackup.mjs");

function isNewEnough(version) {
  var parts = version.split(".").map(Number);
  return parts[0] > NEEDED[0] || (parts[0] === NEEDED[0] && parts[1] >= NEEDED[1]);
}

/** The Node that npm installed as an optional dependency, or undefined. */
function bundledNode() {
  var manifest = path.join("node-" + process.platform + "-" + process.arch, "package.json");
  // As require.resolve looks it up, which Node 8 and older cannot do from a folder of our choice.
  for (var folder = root, last = ""; folder !== last; last = folder, folder = path.dirname(folder)) {
    var binary = path.join(folder, "node_modules", path.dirname(manifest), "bin", "node");
    if (fs.existsSync(binary)) return binary;
  }
  return undefined;
}

/**
 * Compiled code is cached in a folder that only this user can write; undefined when there is none. Node's own default
 * lies in the shared temporary folder, and HOME may be another user's (sudo): there, others could put code that root
 * would then run.
 */
function compileCacheFolder() {
  try {
    var base = process.env.XDG_CACHE_HOME;
    if (!base || !path.isAbsolute(base)) base = path.join(os.homedir(), ".cache");
    var folder = path.join(base, "dbbackup", "compile-cache");
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    var stats = fs.lstatSync(folder);
    var isOurs = !process.getuid || (stats.uid === process.getuid() && (stats.mode & 0o22) === 0);
    return stats.isDirectory() && isOurs ? folder : undefined;
    // oxlint-disable-next-line no-unused-vars -- old syntax knows no catch without a name.
  } catch (_) {
    return undefined;
  }
}

/**
 * Node compresses zstd in the threads of libuv's pool, of which there are four until somebody says more: before the pool is
 * used first.
 */
function widenThreadPool(env) {
  var processors = os.availableParallelism ? os.availableParallelism() : os.cpus().length;
  if (!env.UV_THREADPOOL_SIZE && processors > LEAST_THREADS) {
    env.UV_THREADPOOL_SIZE = String(Math.min(processors, MOST_THREADS));
  }
}

function fail(message, hint) {
  process.stderr.write("dbbackup: error: " + message + "\nhint: " + hint + "\n");
  process.exit(2);
}

function runHere() {
  var nodeModule = require("module");
  widenThreadPool(process.env);
  require("v8").setFlagsFromString(V8_FLAG);
  var cache = process.env.NODE_COMPILE_CACHE ? undefined : compileCacheFolder();
  if (nodeModule.enableCompileCache && cache) nodeModule.enableCompileCache(cache);
  // A dynamic import in old syntax: as an import() in this file it would be a syntax error in Node 12 and older.
  new Function("url", "return import(url)")(require("url").pathToFileURL(program).href).catch(function (error) {
    process.stderr.write("dbbackup: error: " + ((error && error.stack) || error) + "\n");
    process.exitCode = 1;
  });
}

/**
 * The arguments travel over a pipe and never through the child's argv, because they may hold a password. The pipe then
 * stays open: signals follow as lines, and its end tells the child that we are gone, however we died.
 */
function runUnder(node) {
  var env = Object.assign({}, process.env);
  widenThreadPool(env);
  var cache = env.NODE_COMPILE_CACHE ? undefined : compileCacheFolder();
  if (cache) env.NODE_COMPILE_CACHE = cache;
  var child = require("child_process").spawn(node, [V8_FLAG, program, "--arguments-from-launcher"], {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: env,
  });
  var pipe = child.stdio[3];
  pipe.on("error", function () {}); // The child may end before it has read; its exit status says the rest.
  pipe.on("data", function () {});
  pipe.write(JSON.stringify(process.argv.slice(2)) + "\n");
  child.on("error", function (error) {
    fail('cannot start "' + node + '": ' + error.message, 'run "npm ci" again');
  });
  // A terminal sends Ctrl-C to both of us. As a line beside the signal the child can tell one press from two.
  SIGNALS.forEach(function (signal) {
    process.on(signal, function () {
      pipe.write(JSON.stringify(signal) + "\n");
    });
  });
  child.on("exit", function (code, signal) {
    if (signal) {
      SIGNALS.forEach(function (name) {
        process.removeAllListeners(name);
      });
      process.kill(process.pid, signal);
      // For signals that do not end us (a stopped or ignored one): the shell's form of the same message.
      process.exitCode = 128 + (os.constants.signals[signal] || 0);
    } else {
      process.exitCode = code;
    }
  });
}

function main() {
  // What was typed, passwords included, would stay readable for everybody in the list of processes.
  process.title = "dbbackup";
  if (isCheckout && !fs.existsSync(path.join(root, "node_modules", "valibot"))) {
    fail("the packages are not installed", 'run "npm ci --ignore-scripts" in ' + root);
  }
  if (isNewEnough(process.versions.node)) return runHere();
  var node = bundledNode();
  if (node) return runUnder(node);
  fail(
    "Node.js " + NEEDED.join(".") + " or newer is needed, this is " + process.versions.node,
    isCheckout ? 'run "npm ci --ignore-scripts" in ' + root : "install a newer Node.js",
  );
}

main();
