/** What the panes show of an answer. */

const BADGES = { queued: "neutral", processing: "info", succeeded: "success", failed: "danger" };
const ENDED = new Set(["succeeded", "failed"]);

export const byId = (id) => document.getElementById(id);

/** Show a value as indented JSON in a code pane. */
export function showJson(place, value) {
  place.textContent = JSON.stringify(value, null, 2);
}

/** Show an answer, or what was made up in its place: its status line and its body. */
export function showResponse(answer) {
  const parts = [answer.mock ? "Mock" : `HTTP ${answer.status}`];
  if (answer.ms !== undefined) parts.push(`${answer.ms} ms`);
  if (answer.requestId) parts.push(answer.requestId);
  byId("response-status").textContent = parts.join(" · ");
  showJson(byId("response-json"), answer.body);
}

/** Show how a task stands; null: there is none. */
export function showTask(task, model) {
  byId("task-id").textContent = task?.id ?? "None yet";
  const status = byId("task-status");
  status.textContent = task?.status ?? "not sent";
  status.dataset.tone = BADGES[task?.status] ?? "neutral";
  byId("task-estimate").textContent = creditsOf(model.base_credits);
  byId("task-reserved").textContent = task ? creditsOf(task.reserved_credits) : "–";
  byId("task-final").textContent = task ? creditsOf(task.final_credits) : "–";
  const bar = byId("task-progress");
  bar.hidden = !task || ENDED.has(task.status) || task.id.startsWith("mock_");
  if (task?.progress === null || task?.progress === undefined) bar.removeAttribute("value");
  else bar.value = task.progress;
}

/** Show an error as the API words it, or take it away with null. */
export function showError(error) {
  const place = byId("debugger-error");
  place.hidden = error === null;
  for (const [id, text] of [
    ["error-code", error?.code],
    ["error-message", error?.message],
    ["error-param", error?.param],
    ["error-request", error?.requestId],
  ]) {
    byId(id).textContent = text ?? "";
    byId(id).closest("[data-part]").hidden = !text;
  }
}

/** Return what went wrong in an answer, or null. */
export function errorOf(answer) {
  if (!answer.ok) return { requestId: answer.requestId, ...answer.body.error };
  const failed = answer.body.error;
  return failed ? { ...failed, requestId: answer.requestId } : null;
}

/** Say something to those who do not see it appear. */
export function announce(text) {
  byId("announce").textContent = text;
}

function creditsOf(count) {
  return `${count.toLocaleString("en")} ${count === 1 ? "credit" : "credits"}`;
}
