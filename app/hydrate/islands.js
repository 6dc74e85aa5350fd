// Wakes the islands of a page. A page without islands loads nothing else.
// Built to /pkg/<hash>/ beside turnpike.js and turnpike_bg.wasm, hence the relative URLs.

// Data reaches islands as props. Leptos still reads these globals, which its inline scripts would define:
// the content security policy allows no inline script.
globalThis.__RESOLVED_RESOURCES ??= [];
globalThis.__SERIALIZED_ERRORS ??= [];
globalThis.__INCOMPLETE_CHUNKS ??= [];

const root = document.documentElement;
// `onHydrate` of the islands' children around the current node: they put the reactive owner of the parent in place.
const owners = [];

async function wake(node, bundle) {
  const tag = node.localName;
  if (tag === "leptos-island") {
    const start = bundle[node.dataset.component];
    if (start) {
      owners.at(-1)?.();
      await start(node);
    } else {
      console.warn(`The bundle has no island named ${node.dataset.component}.`);
    }
  }
  if (tag === "leptos-children") owners.push(node.$$on_hydrate);
  for (const child of [...node.children]) await wake(child, bundle);
  if (tag === "leptos-children") owners.pop();
}

async function start() {
  const wasm = fetch(new URL("turnpike_bg.wasm", import.meta.url));
  const bundle = await import("./turnpike.js");
  await bundle.default({ module_or_path: wasm });
  bundle.hydrate();
  await wake(document.body, bundle);
}

if (document.querySelector("leptos-island")) {
  start().then(
    () => { root.dataset.islands = "ready"; },
    (error) => { root.dataset.islands = "failed"; console.error(error); },
  );
} else {
  root.dataset.islands = "none";
}
