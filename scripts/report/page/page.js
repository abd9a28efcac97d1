// The report works without this: it adds search, filters, keys, and links that open what they point to.
'use strict';
{
  const one = (selector) => document.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const findings = all('details.finding');
  const clauses = all('[data-clause]');
  const sections = all('section.document');
  const search = one('#search');
  const filters = all('[data-filter]');
  const toggle = one('#toggle');
  const status = one('#shown');
  const texts = new Map();
  const textOf = (element) => {
    if (!texts.has(element)) {
      const clause = element.closest('[data-clause]');
      const about = all(':scope > h3, :scope > .text', clause).map((each) => each.textContent);
      texts.set(element, [...about, element.textContent].join(' ').toLowerCase());
    }
    return texts.get(element);
  };
  let mark = '';

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const narrowed = mark !== '' || words.length > 0;
    let count = 0;
    for (const finding of findings) {
      const fits =
        (mark === '' || finding.dataset.mark === mark) &&
        (words.length === 0 || words.every((word) => textOf(finding).includes(word)));
      finding.hidden = !fits;
      if (fits) count += 1;
    }
    for (const clause of clauses) {
      const about = words.length > 0 && mark === '' ? clause.textContent.toLowerCase() : '';
      const fits = words.length > 0 && mark === '' && words.every((word) => about.includes(word));
      clause.hidden = narrowed && !fits && !all('details.finding', clause).some((each) => !each.hidden);
    }
    for (const section of sections) {
      section.hidden = narrowed && !all('[data-clause]', section).some((each) => !each.hidden);
    }
    for (const button of filters) button.setAttribute('aria-pressed', String(button.dataset.filter === mark));
    status.textContent = narrowed ? `${count} of ${findings.length} findings shown` : '';
    label();
  }

  const shown = () => findings.filter((each) => !each.hidden);
  function label() {
    const open = shown().some((each) => each.open);
    toggle.textContent = open ? 'Close all' : 'Open all';
  }

  function reveal() {
    let id;
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = id && document.getElementById(id);
    if (!target) return;
    if (target.closest('[hidden]')) clear();
    if (target instanceof HTMLDetailsElement) {
      target.open = true;
      target.querySelector('summary').focus({ preventScroll: true });
    }
    target.scrollIntoView();
    // What is laid out only now is not as high as it was taken for.
    requestAnimationFrame(() => requestAnimationFrame(() => target.scrollIntoView()));
  }

  function clear() {
    mark = '';
    search.value = '';
    apply();
  }

  function step(by) {
    const visible = shown();
    const at = visible.findIndex((each) => each.contains(document.activeElement));
    const next = visible[at < 0 ? (by > 0 ? 0 : visible.length - 1) : at + by];
    if (!next) return;
    next.querySelector('summary').focus();
    next.scrollIntoView({ block: 'nearest' });
  }

  let pause;
  search.addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(apply, 80);
  });
  for (const button of filters) {
    button.addEventListener('click', () => {
      mark = button.dataset.filter;
      apply();
    });
  }
  toggle.addEventListener('click', () => {
    const open = shown().some((each) => each.open);
    for (const finding of shown()) finding.open = !open;
    label();
  });
  document.addEventListener('toggle', label, true);
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Escape') clear();
    if (event.target.matches('input')) return;
    if (event.key === '/') {
      event.preventDefault();
      search.focus();
    }
    if (event.key === 'j') step(1);
    if (event.key === 'k') step(-1);
  });
  addEventListener('hashchange', reveal);
  let opened = [];
  addEventListener('beforeprint', () => {
    opened = findings.filter((each) => !each.open && each.dataset.mark !== 'pass');
    for (const finding of opened) finding.open = true;
  });
  addEventListener('afterprint', () => {
    for (const finding of opened) finding.open = false;
  });
  one('.toolbar').hidden = false;
  reveal();
}
