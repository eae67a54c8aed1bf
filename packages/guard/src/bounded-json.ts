export class AnswerRefused extends Error {
  override readonly name = "AnswerRefused";
}

/**
 * Reads a JSON answer of no more than `limitBytes`. The deadline is the signal the request was made
 * with; it covers the body too.
 *
 * @throws AnswerRefused for another status, a longer or empty body, or one that is not JSON.
 */
export async function readBoundedJson(response: Response, limitBytes: number): Promise<unknown> {
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new AnswerRefused(`status ${response.status}`);
  }
  const text = await readBoundedText(response, limitBytes);
  if (text === "") throw new AnswerRefused("empty body");
  try {
    return JSON.parse(text);
  } catch {
    throw new AnswerRefused("not JSON");
  }
}

async function readBoundedText(response: Response, limitBytes: number): Promise<string> {
  if (Number(response.headers.get("content-length") ?? 0) > limitBytes) {
    await response.body?.cancel();
    throw new AnswerRefused("body too large");
  }
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let bytes = 0;
  let text = "";
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) throw new AnswerRefused("body too large");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}
