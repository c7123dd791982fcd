/** The request as a command and as a program. The key is read from the environment: it is never written down. */

/** Return the request as a curl command. */
export function asCurl(base, body) {
  const json = JSON.stringify(body, null, 2).replaceAll("'", String.raw`'\''`);
  return [
    `curl -X POST '${base}/api/v1/generations' \\`,
    `  -H "Authorization: Bearer $RIVYA_API_KEY" \\`,
    `  -H 'Content-Type: application/json' \\`,
    `  -H "Idempotency-Key: $(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen)" \\`,
    `  -d '${json}'`,
    "",
  ].join("\n");
}

/** Return the request as a Python program that waits for the result; it needs nothing but Python. */
export function asPython(base, body) {
  return `import json, os, time, urllib.request, uuid

BASE = ${JSON.stringify(`${base}/api/v1`)}
HEADERS = {"Authorization": "Bearer " + os.environ["RIVYA_API_KEY"], "Content-Type": "application/json"}


def call(method, path, body=None, **headers):
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(BASE + path, content, {**HEADERS, **headers}, method=method)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


body = ${pythonOf(body)}
task = call("POST", "/generations", body, **{"Idempotency-Key": str(uuid.uuid4())})
while task["status"] not in ("succeeded", "failed"):
    time.sleep(1)
    task = call("GET", "/generations/" + task["id"])
print(task["result"]["primary_url"] if task["result"] else task["error"])
`;
}

/** Return a value of JSON as Python writes it. */
export function pythonOf(value, indent = "") {
  const deeper = `${indent}    `;
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) {
    if (value.length === 0) return "[]";
    return `[\n${value.map((one) => `${deeper}${pythonOf(one, deeper)},\n`).join("")}${indent}]`;
  }
  if (typeof value === "object") {
    const entries = Object.entries(value);
    if (entries.length === 0) return "{}";
    const lines = entries.map(([name, one]) => `${deeper}${JSON.stringify(name)}: ${pythonOf(one, deeper)},\n`);
    return `{\n${lines.join("")}${indent}}`;
  }
  return JSON.stringify(value);
}
