// Building elements. HTML text is parsed only where the server rendered it.

const SVG = "http://www.w3.org/2000/svg";

/** element("p", { class: "note" }, "text", otherElement) */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function svg(name, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

export function icon(name, className = "icon") {
  return svg("svg", { class: className, "aria-hidden": "true" }, svg("use", { href: `/static/icons.svg#${name}` }));
}

/** The one element of a fragment the server rendered. A lone <tbody> needs the template's own parser rules. */
export function fromServer(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}

/** The element of a component that shows `name`. */
export const slot = (root, name) => root.querySelector(`[data-slot="${name}"]`);
