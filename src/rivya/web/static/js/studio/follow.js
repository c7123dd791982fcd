/** Follow tasks until they have ended: a few by server-sent events, and the others, if many, by asking now and then.
 *
 * Over HTTP/1.1 a browser opens six connections to a server. A stream holds one, so not every task can have one.
 */

import { call } from "./net.js";

const MOST_STREAMS = 3;
const ASK_MS = 2500;
const AGAIN_MS = [1000, 2000, 5000, 10000];
const EVENTS = ["generation.updated", "generation.succeeded", "generation.failed"];

export const isOver = (task) => task.status === "succeeded" || task.status === "failed";

/** `changed(task)` hears of each change; `connected(bool)` of the connection being lost, and of its return. */
export function follower({ changed, connected }) {
  const streams = new Map();
  const asked = new Set();
  const lost = new Set();
  let timer = null;

  function follow(id) {
    if (streams.has(id) || asked.has(id)) return;
    if (streams.size < MOST_STREAMS) open(id, 0);
    else {
      asked.add(id);
      timer ??= setTimeout(askAll, ASK_MS);
    }
  }

  function open(id, tries) {
    const stream = new EventSource(`/studio/generations/${id}/events`);
    streams.set(id, stream);
    stream.onopen = () => {
      tries = 0;
      tell(id, true);
    };
    for (const name of EVENTS) stream.addEventListener(name, (event) => heard(JSON.parse(event.data)));
    stream.onerror = () => {
      if (!streams.has(id)) return;
      tell(id, false);
      if (stream.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      setTimeout(() => reopen(id, tries), AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
    };
  }

  async function reopen(id, tries) {
    if (!streams.has(id)) return;
    try {
      const task = await call("GET", `/studio/generations/${id}`);
      heard(task);
      if (!isOver(task)) open(id, tries + 1);
    } catch (error) {
      if (error.status === 404 || error.status === 401) end(id);
      else setTimeout(() => reopen(id, tries + 1), AGAIN_MS[Math.min(tries + 1, AGAIN_MS.length - 1)]);
    }
  }

  async function askAll() {
    timer = null;
    for (const id of [...asked]) {
      try {
        heard(await call("GET", `/studio/generations/${id}`));
        tell(id, true);
      } catch (error) {
        if (error.status === 404 || error.status === 401) end(id);
        else tell(id, false);
      }
    }
    if (asked.size) timer ??= setTimeout(askAll, ASK_MS);
  }

  function heard(task) {
    if (isOver(task)) end(task.id);
    changed(task);
  }

  function end(id) {
    streams.get(id)?.close();
    streams.delete(id);
    asked.delete(id);
    tell(id, true);
    const [next] = asked;
    if (next && streams.size < MOST_STREAMS) {
      asked.delete(next);
      open(next, 0);
    }
  }

  function tell(id, isConnected) {
    const before = lost.size > 0;
    if (isConnected) lost.delete(id);
    else lost.add(id);
    if (before !== lost.size > 0) connected(lost.size === 0);
  }

  return { follow };
}
