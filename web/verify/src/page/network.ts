/** Asks the service, for a bounded time. */

/** Fetch, as nobody who signed in, and read the answer by `read`; raises where that takes longer, or is no success. */
export async function fetched<Value>(
  url: string,
  how: RequestInit,
  milliseconds: number,
  read: (answer: Response) => Promise<Value>,
): Promise<Value> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), milliseconds);
  try {
    const answer = await fetch(url, { ...how, credentials: "omit", signal: stop.signal });
    if (!answer.ok) throw new Error(String(answer.status));
    return await read(answer);
  } finally {
    clearTimeout(timer);
  }
}
