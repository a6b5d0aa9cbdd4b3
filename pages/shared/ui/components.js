// What the scripts of our components share; it stands before each of them (components.py).

// Streamlit calls a component again whenever its `data` changes, and the function that it returns only when it
// leaves the page: what `make` gives for an element lives as long as its place on the page.
const living = (make) => {
  const all = new WeakMap();
  return ({ data, parentElement, setTriggerValue }) => {
    if (!all.has(parentElement)) all.set(parentElement, make(parentElement));
    all.get(parentElement).update(data, setTriggerValue);
    return () => {
      all.get(parentElement)?.leave();
      all.delete(parentElement);
    };
  };
};

const filled = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

const made = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children);

const drawn = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children);

const icon = (d, viewBox = '0 0 24 24') => drawn('svg', { viewBox, 'aria-hidden': 'true' }, drawn('path', { d }));
