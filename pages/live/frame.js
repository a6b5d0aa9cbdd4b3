// streamlit-webrtc lies in a frame of its own, from the same server: what it says in English alone gives way to
// our sentences, and its buttons look like the others.

const STYLE = `
  body .MuiButton-root { text-transform: none; border-radius: 0.6rem; box-shadow: none; }
  .MuiAlert-message[data-words] { font-size: 0; }
  .MuiAlert-message[data-words]::after { content: attr(data-words); font-size: 0.9rem; }
`;

function dress(frame, words) {
  const page = frame.contentDocument;
  if (!page?.body || !frame.src.includes('webrtc')) return;
  if (!page.getElementById('moodcue')) {
    const style = page.createElement('style');
    style.id = 'moodcue';
    style.textContent = STYLE;
    page.head.append(style);
  }
  page.documentElement.lang = document.documentElement.lang;
  // The frame was measured with the English text; ours may take another line.
  const root = page.getElementById('root');
  frame.style.minHeight = page.querySelector('[data-words]') ? `${root.offsetHeight + 8}px` : '';
  for (const message of page.querySelectorAll('.MuiAlert-message')) {
    const found = words.find(([begin]) => message.textContent.startsWith(begin));
    if (found && message.dataset.words !== found[1]) message.dataset.words = found[1];
  }
}

export default function ({ data }) {
  const look = () => document.querySelectorAll('iframe').forEach((frame) => dress(frame, data.words));
  look();
  const timer = setInterval(look, 300);
  return () => clearInterval(timer);
}
