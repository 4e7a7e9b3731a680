// Tell Nightkeep that the work moved forward. Copy this file beside your agent; it needs Node and nothing else.
//
//   import { beatEvery, failed, markProgress, ok } from "./nightkeep.mjs";
//   markProgress(3, "draft written");       // when something is done, never on a timer
//   beatEvery(30);                          // once, at the start: says every 30 s that the process lives
//   ok({ latency: 0.84, cost: 0.012 });     // a call of a model went well; sent with the next beat
//
// Outside of Nightkeep all of it does nothing. Nothing here throws, prints, or keeps the process alive.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { pid } from "node:process";
import { threadId } from "node:worker_threads";

/**
 * Stamps `step` into the marker. Call it when something is done, never on a timer.
 *
 * Without a path and without the variable NIGHTKEEP_PROGRESS it does nothing. It never throws: a full disk must not
 * end the work. Says whether the marker was written.
 */
export function markProgress(step, note = "", total = undefined, path = process.env.NIGHTKEEP_PROGRESS) {
  if (!path) return false;
  // Written aside and swapped in, so that nobody ever reads half a marker.
  const aside = `${path}.${pid}-${threadId}.tmp`;
  try {
    writeFileSync(aside, JSON.stringify({ step, note, ts: Date.now() / 1000, total }));
    renameSync(aside, path);
    return true;
  } catch {
    try {
      rmSync(aside, { force: true });
    } catch {
      // Nothing is left to do: the folder is gone or may not be written.
    }
    return false;
  }
}

const CALLS_MAX = 100;
let calls = [];
let beating;

/** A call went well. `latency` is in seconds, `cost` in dollars; both are sent with the next beat. */
export function ok(took = {}) {
  count(1, 0, took);
}

/** A call did not go well. */
export function failed(took = {}) {
  count(0, 1, took);
}

/** Says once that the work is alive; whether it was heard within 200 ms. */
export function beat() {
  return say(200, true);
}

/** Says so again and again in the background, for as long as something else keeps this process alive. */
export function beatEvery(seconds = 30) {
  if (beating || !process.env.NIGHTKEEP_SOCKET) return;
  beating = setInterval(say, Math.max(number(seconds), 0.1) * 1000, 2000, false);
  beating.unref();
  say(2000, false);
  // What was counted since the last beat.
  process.once("beforeExit", () => calls.length > 0 && beat());
}

function number(value) {
  const number = Number(value);
  return number >= 0 && number < 1e9 ? number : 0;
}

function count(succeeded, failed, took) {
  const call = { is: "metrics", succeeded, failed, cost_usd: number(took?.cost ?? 0) };
  if (took?.latency !== undefined) call.latency_ms = Math.round(number(took.latency) * 1000);
  keep([call]);
}

function keep(more) {
  for (const call of more) {
    if (calls.length < CALLS_MAX) {
      calls.push(call);
    } else {
      // What does not fit is added up, without its latency.
      for (const name of ["succeeded", "failed", "cost_usd"]) calls[CALLS_MAX - 1][name] += call[name];
    }
  }
}

function say(within, waits) {
  const { NIGHTKEEP_SOCKET: socketPath, NIGHTKEEP_RUN: run } = process.env;
  if (!socketPath || !run) return Promise.resolve(false);
  const taken = calls;
  calls = [];
  return new Promise((resolve) => {
    let sent = false;
    let timer;
    const end = (heard) => {
      clearTimeout(timer);
      if (!sent) keep(taken.splice(0));
      resolve(heard);
    };
    try {
      const headers = { "content-type": "application/json" };
      const said = request({ socketPath, path: "/v1/signals", method: "POST", agent: false, headers });
      timer = setTimeout(() => said.destroy(), within);
      if (!waits) timer.unref();
      said.on("socket", (socket) => {
        if (!waits) socket.unref();
        // What was sent may have been heard, and is not said a second time.
        socket.once("connect", () => (sent = true));
      });
      said.on("response", (response) => {
        response.resume();
        end(response.statusCode === 200);
      });
      said.on("error", () => end(false));
      said.on("close", () => end(false));
      said.end(JSON.stringify({ run, source: "beat", signals: [{ is: "beat" }, ...taken] }));
    } catch {
      end(false);
    }
  });
}
