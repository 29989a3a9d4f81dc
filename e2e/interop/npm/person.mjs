// A person with a browser that knows only forms and cookies, and small words for what a walk sees.

const { PLATFORM, EMAIL, PASSWORD, COMPANY } = process.env;

export const platform = PLATFORM;
export const callback = 'https://books.example/callback';

/** The fields of the form on a page that has a field of this name. */
function form(page, wanted) {
  const unescape = (text) =>
    text
      .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(parseInt(code, 16)))
      .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&amp;', '&');
  const attribute = (tag, name) => unescape(tag.match(new RegExp(`\\b${name}="([^"]*)"`))?.[1] ?? '');
  for (const [whole] of page.matchAll(/<form\b[\s\S]*?<\/form>/g)) {
    if (!whole.includes(`name="${wanted}"`)) continue;
    const fields = new URLSearchParams();
    for (const [tag] of whole.matchAll(/<input\b[^>]*>/g)) {
      if (attribute(tag, 'type') === 'hidden') fields.append(attribute(tag, 'name'), attribute(tag, 'value'));
    }
    return { action: attribute(whole.match(/<form\b[^>]*>/)[0], 'action'), fields };
  }
  throw new Error(`no form with ${wanted} on: ${page.replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ').slice(0, 300)}`);
}

/** Signs in and allows the request; where the browser is sent, as a URL. */
export async function consent(authorizationUrl) {
  const cookies = new Map();
  const browse = async (url, body) => {
    const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    const response = await fetch(url, { method: body ? 'POST' : 'GET', body, headers, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [pair] = line.split(';');
      cookies.set(pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1));
    }
    return response;
  };
  let here = new URL(authorizationUrl);
  let page = await (await browse(here)).text();
  const signIn = form(page, 'password');
  signIn.fields.set('email', EMAIL);
  signIn.fields.set('password', PASSWORD);
  let answer = await browse(new URL(signIn.action || here, here), signIn.fields);
  here = new URL(answer.headers.get('location'), here);
  page = await (await browse(here)).text();
  const asked = form(page, 'company');
  asked.fields.set('company', COMPANY);
  asked.fields.set('decision', 'allow');
  answer = await browse(new URL(asked.action || here, here), asked.fields);
  check(answer.status === 303, `consent is answered ${answer.status}`);
  return new URL(answer.headers.get('location'));
}

/** Whether a resource API takes the access token. */
export async function works(accessToken) {
  const response = await fetch(`${platform}/v1/introspect`, { headers: { authorization: `Bearer ${accessToken}` } });
  check([200, 401].includes(response.status), `a call is answered ${response.status}`);
  return response.status === 200;
}

export function check(holds, what) {
  if (!holds) throw new Error(what);
}

/** Insists on an error that has this word in it, where its library puts it. */
export async function refused(word, act) {
  let done;
  try {
    done = await act();
  } catch (error) {
    const told = [error.error, error.code, error.data?.payload?.error, error.message].filter(Boolean).join(' ');
    check(told.includes(word), `refused otherwise than with ${word}: ${told}`);
    return;
  }
  throw new Error(`not refused with ${word}: ${JSON.stringify(done)?.slice(0, 80)}`);
}

const seen = [];

/** A step that held. */
export function held(what) {
  seen.push(what);
}

/** The line of a client that went the whole way. */
export function done(name) {
  console.log(`ok      ${name}: ${seen.join(', ')}`);
}
