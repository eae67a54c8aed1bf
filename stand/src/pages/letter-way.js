/** On the start page, where letters' links arrive: on to the page that knows what they are for. */
if (location.hash.startsWith("#do=")) location.replace(`/letter${location.hash}`);
