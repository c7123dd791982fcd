/** Answers as the API would give them, made up here: nothing is sent, uploaded or spent. */

/** Return the task that POST /generations would answer for this model. */
export function mockTask(model, now = new Date()) {
  const at = now.toISOString();
  return {
    id: "mock_task_001",
    status: "queued",
    model: model.id,
    reserved_credits: model.base_credits,
    final_credits: 0,
    created_at: at,
    updated_at: at,
    result: null,
    error: null,
    client_request_id: null,
    progress: null,
    cancellation: null,
  };
}

/** Return the file that POST /files would answer. */
export function mockFile(now = new Date()) {
  const lives = 7 * 24 * 60 * 60 * 1000;
  return {
    id: "file_mock_001",
    object: "file",
    kind: "image",
    file_name: "reference.png",
    mime_type: "image/png",
    size_bytes: 245760,
    url: "https://media.example/files/file_mock_001/reference.png",
    duration_seconds: null,
    duration_token: null,
    created_at: now.toISOString(),
    expires_at: new Date(now.getTime() + lives).toISOString(),
  };
}
