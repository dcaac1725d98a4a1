/** The ways a certificate comes in: address, camera, files, paste, handheld scanner, drop. */

import { byId, el } from "./dom";
import { type Key, t } from "./words";

/** Takes what came in. */
export interface Receiver {
  text(text: string): void;
  files(files: File[]): void;
  problem(key: Key): void;
}

/** Shortest time between two keys of a person, in milliseconds; scanners type faster. */
const PERSON = 120;
const SHORTEST = 20;

/** Connect every way in to a receiver. */
export function connect(receiver: Receiver): void {
  const fromAddress = () => {
    const fragment = location.hash.slice(1);
    if (fragment) receiver.text(fragment);
  };
  addEventListener("hashchange", fromAddress);
  fromAddress();
  connectCamera(receiver);
  connectFiles(receiver);
  connectTyping(receiver);
}

function connectCamera(receiver: Receiver): void {
  const button = byId("camera");
  const view = byId("viewfinder");
  let stop: AbortController | null = null;
  button.addEventListener("click", async () => {
    if (stop) return stop.abort();
    if (!navigator.mediaDevices?.getUserMedia) return receiver.problem("camera_missing");
    stop = new AbortController();
    const video = el("video", { playsinline: true, "aria-label": t("camera_aim") });
    video.muted = true;
    view.replaceChildren(video, el("p", { role: "status" }, t("camera_aim")));
    button.textContent = t("camera_stop");
    try {
      const { readCamera } = await import("./scanner");
      const text = await readCamera(video, stop.signal);
      if (text !== null) receiver.text(text);
    } catch (error) {
      receiver.problem(cameraProblem(error));
    } finally {
      stop = null;
      view.replaceChildren();
      button.textContent = t("camera");
    }
  });
}

function cameraProblem(error: unknown): Key {
  if (!(error instanceof DOMException)) return "scanner_failed";
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
    const file = await new Promise<File>((done, fail) =>
      (entry as FileSystemFileEntry).file(done, fail),
    );
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
    if (isTyping(event.target) || event.ctrlKey || event.metaKey || event.altKey) return;
    const isFast = event.timeStamp - last < PERSON;
    last = event.timeStamp;
    if (event.key === "Enter" && isFast && typed.length >= SHORTEST) {
      event.preventDefault();
      receiver.text(typed);
      typed = "";
    } else if (event.key.length === 1) {
      typed = isFast ? typed + event.key : event.key;
    }
  });
}

const isTyping = (target: EventTarget | null) =>
  target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
