/** The body of a request, from what the form holds. Pure. */

/** Thrown for a field whose text cannot be sent; `param` names it as the API would. */
export class BadField extends Error {
  constructor(message, param) {
    super(message);
    this.param = param;
  }
}

/**
 * Return the body of POST /generations.
 *
 * `values` holds the text of each param's control by its key; an empty one is left out, so that its default counts.
 */
export function requestBody(model, { prompt, values, references }) {
  const body = { model: model.id };
  if (prompt !== "") body.prompt = prompt;
  const params = {};
  for (const param of model.params) {
    const text = values.get(param.key) ?? "";
    if (text.trim() !== "") params[param.key] = valueOf(param, text);
  }
  if (references.length > 0) params.referenceMediaItems = references;
  body.params = params;
  return body;
}

/** Return a file of the Files API as an entry of params.referenceMediaItems. */
export function referenceOf(file) {
  const item = { url: file.url, kind: file.kind, name: file.file_name, mimeType: file.mime_type };
  if (file.duration_seconds !== null) item.durationSeconds = file.duration_seconds;
  if (file.duration_token !== null) item.durationToken = file.duration_token;
  return item;
}

function valueOf(param, text) {
  const where = `params.${param.key}`;
  if (param.type === "number") {
    const number = Number(text);
    if (!Number.isFinite(number)) throw new BadField(`${where} must be a number.`, where);
    return number;
  }
  if (param.type === "array") {
    let value;
    try {
      value = JSON.parse(text);
    } catch {
      throw new BadField(`${where} must be a JSON array.`, where);
    }
    if (!Array.isArray(value)) throw new BadField(`${where} must be a JSON array.`, where);
    return value;
  }
  return text;
}
