/** The ways a certificate comes in: address, camera, files, paste, handheld scanner, drop. */

import { byId, el } from "./dom";
import { type Key, t } from "./words";

/** Takes what came in. */
export interface Receiver {
  /** What is behind the # of the address; null once it is gone. */
  address(fragment: string | null): void;
  /** What a code says. */
  scan(text: string): void;
  /** What was pasted or typed, a code or not. */
  text(text: string): void;
  files(files: File[]): void;
  problem(key: Key): void;
}

/** Shortest time between two keys of a person, in milliseconds; scanners type faster. */
const PERSON = 120;
/** Shortest text of a scanner; in a field, longer than any number somebody types or scans there. */
const SHORTEST = 20;
const SHORTEST_IN_FIELD = 60;

/** Connect every way in to a receiver. */
export function connect(receiver: Receiver): void {
  const fromAddress = () => receiver.address(location.hash.slice(1) || null);
  addEventListener("hashchange", fromAddress);
  if (location.hash.slice(1)) fromAddress();
  const stopCamera = connectCamera(receiver);
  const quiet: Receiver = {
    ...receiver,
    text: (text) => {
      stopCamera();
      receiver.text(text);
    },
    files: (files) => {
      stopCamera();
      receiver.files(files);
    },
  };
  connectFiles(quiet);
  connectTyping(quiet);
}

/** Connect the camera's button; return what stops the camera. */
function connectCamera(receiver: Receiver): () => void {
  const button = byId("camera");
  const view = byId("viewfinder");
  let running: AbortController | null = null;
  const name = (key: Key) => {
    button.dataset["t"] = key;
    button.textContent = t(key);
  };
  button.addEventListener("click", async () => {
    if (running) return running.abort();
    if (!navigator.mediaDevices?.getUserMedia) return receiver.problem("camera_missing");
    receiver.address(null); // another certificate is coming
    const mine = (running = new AbortController());
    const video = el("video", { playsinline: true, "aria-label": t("camera_aim") });
    video.muted = true;
    const hint = el("p", { role: "status", "data-t": "camera_aim" }, t("camera_aim"));
    view.replaceChildren(video, hint);
    name("camera_stop");
    try {
      const { readCamera } = await import("./scanner");
      const text = await readCamera(video, mine.signal);
      if (text !== null) receiver.scan(text);
    } catch (error) {
      if (!mine.signal.aborted) receiver.problem(cameraProblem(error));
    } finally {
      running = null;
      view.replaceChildren();
      name("camera");
    }
  });
  return () => running?.abort();
}

function cameraProblem(error: unknown): Key {
  if (!(error instanceof DOMException)) return navigator.onLine ? "outdated" : "scanner_failed";
  if (error.name === "AbortError") return "camera_lost";
  return error.name === "NotAllowedError" ? "camera_denied" : "camera_missing";
}

function connectFiles(receiver: Receiver): void {
  for (const id of ["photo", "folder"]) {
    const input = byId<HTMLInputElement>(id);
    input.addEventListener("change", () => {
      receiver.files([...(input.files ?? [])]);
      input.value = "";
    });
  }
  addEventListener("dragover", (event) => {
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  addEventListener("dragleave", () => document.body.classList.remove("dragging"));
  addEventListener("drop", async (event) => {
    event.preventDefault();
    document.body.classList.remove("dragging");
    const entries = [...(event.dataTransfer?.items ?? [])].map((item) => item.webkitGetAsEntry());
    const text = event.dataTransfer?.getData("text/plain"); // gone after the first wait
    const files = (await Promise.all(entries.map((entry) => (entry ? filesIn(entry) : [])))).flat();
    if (files.length) receiver.files(files);
    else if (text) receiver.text(text);
  });
}

/** Return the files of a dropped file or folder, folders within included. */
async function filesIn(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((done) => {
      const unread = () => done(new File([], entry.name)); // said to be empty, not passed over
      (entry as FileSystemFileEntry).file(done, unread);
    });
    // as where a folder is chosen; dropped files do not know where they lay
    Object.defineProperty(file, "webkitRelativePath", { value: entry.fullPath.slice(1) });
    return [file];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((done, fail) =>
      reader.readEntries(done, fail),
    );
    if (!some.length) return found;
    found.push(...(await Promise.all(some.map(filesIn))).flat());
  }
}

function connectTyping(receiver: Receiver): void {
  const field = byId<HTMLTextAreaElement>("text");
  byId("paste").addEventListener("submit", (event) => {
    event.preventDefault();
    if (field.value.trim()) receiver.text(field.value);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // scanners end with it
    byId<HTMLFormElement>("paste").requestSubmit();
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (files.length) return receiver.files(files);
    const text = event.clipboardData?.getData("text/plain");
    if (text && !isTyping(event.target)) receiver.text(text);
  });
  let typed = "";
  let last = 0;
  addEventListener("keydown", (event) => {
    if (event.target === field || event.ctrlKey || event.metaKey || event.altKey) return;
    const isFast = event.timeStamp - last < PERSON;
    last = event.timeStamp;
    if (event.key.length === 1) typed = isFast ? typed + event.key : event.key;
    if (event.key !== "Enter") return;
    const text = typed;
    typed = "";
    const isField = event.target instanceof HTMLInputElement;
    if (!isFast || text.length < (isField ? SHORTEST_IN_FIELD : SHORTEST)) return;
    event.preventDefault(); // a scanner's text, wherever it was typed
    if (isField) (event.target as HTMLInputElement).value = "";
    receiver.text(text);
  });
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
