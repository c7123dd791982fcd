/** The files panel: an upload to try, and what to put into a request for it. */

import { mockFile } from "./mock.js";
import { createFile, newIdempotencyKey } from "./live.js";
import { referenceOf } from "./request.js";
import { announce, byId, errorOf, showJson } from "./view.js";

/** `live` returns the key in live mode, and null in mock mode; `told` shows an error or takes it away. */
export function filesPanel({ live, isLive, builder, told }) {
  let reference = null;
  const send = byId("file-send");

  const offer = () => {
    const fits = reference !== null && builder.takes(reference.kind);
    byId("file-use").hidden = !fits;
    byId("file-unfit").hidden = reference === null || fits;
  };

  const show = (answer) => {
    byId("file-status").textContent = answer.mock ? "Mock" : `HTTP ${answer.status} · ${answer.requestId ?? ""}`;
    showJson(byId("file-json"), answer.body);
    byId("file-answer").hidden = false;
    reference = answer.ok ? referenceOf(answer.body) : null;
    byId("file-reference").hidden = reference === null;
    if (reference !== null) showJson(byId("file-reference-json"), { params: { referenceMediaItems: [reference] } });
    offer();
    announce(answer.ok ? `File ${answer.body.id} answered.` : "The upload was refused.");
  };

  const upload = async () => {
    told(null);
    if (!isLive()) {
      show({ mock: true, ok: true, status: 201, body: mockFile() });
      return;
    }
    const key = live();
    const file = byId("file").files[0];
    if (key === null) return told({ code: "no key", message: "Paste an API key first." });
    if (!file) return told({ code: "no file", message: "Choose a file first." });
    send.disabled = true;
    send.setAttribute("aria-busy", "true");
    try {
      const answer = await createFile(key, file, byId("file-kind").value, newIdempotencyKey());
      show(answer);
      told(errorOf(answer));
    } catch {
      told({ code: "no answer", message: "The upload did not reach the server, or its answer did not come back." });
    } finally {
      send.disabled = false;
      send.removeAttribute("aria-busy");
    }
  };

  send.addEventListener("click", upload);
  byId("file-use").addEventListener("click", () => {
    if (reference === null) return;
    builder.use(reference);
    announce("The reference is in the request.");
    byId("request-title").scrollIntoView({ block: "nearest" });
  });
  return {
    modelChanged: offer,
    clear() {
      reference = null;
      byId("file").value = "";
      byId("file-answer").hidden = true;
    },
  };
}
