/** What is printed with a result: at which address, and the code to check it again. */

import qrcode from "qrcode-generator";
import { el } from "./dom";
import { t } from "./words";

const SVG = "http://www.w3.org/2000/svg";
/** Empty modules around a code: ISO/IEC 18004. */
const QUIET = 4;

/** Return the part that only a print shows. */
export function receipt(digits: string): HTMLElement {
  const address = location.protocol.startsWith("http")
    ? location.origin + location.pathname
    : t("title");
  return el(
    "section",
    { class: "receipt" },
    el("h3", {}, t("receipt")),
    el("p", {}, t("receipt_address", { address })),
    el("p", {}, t("receipt_code")),
    drawn(`${location.origin}${location.pathname}#`, digits),
  );
}

/** Return a code as the platform draws them: the address as bytes, the digits as numbers. */
function drawn(address: string, digits: string): Node {
  const code = qrcode(0, "M");
  if (address.startsWith("http")) code.addData(address, "Byte");
  code.addData(digits, /^[0-9]+$/.test(digits) ? "Numeric" : "Byte");
  code.make();
  const modules = code.getModuleCount();
  let path = "";
  for (let row = 0; row < modules; row += 1) {
    for (let column = 0; column < modules; column += 1) {
      if (code.isDark(row, column)) path += `M${column + QUIET} ${row + QUIET}h1v1h-1z`;
    }
  }
  const size = modules + 2 * QUIET;
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${size} ${size}`);
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", t("receipt_code"));
  picture.setAttribute("shape-rendering", "crispEdges");
  const ink = document.createElementNS(SVG, "path");
  ink.setAttribute("d", path);
  picture.append(ink);
  return picture;
}
