use http::HeaderValue;
use http::header::SET_COOKIE;

use super::*;

const PAGE: &str = r#"<!doctype html><!-- <form> --><title>T &amp; U</title><a href="/a?x=1&amp;y=2">go</a>
<form method=post action="/consent"><input type="hidden" name="csrf" value="a&quot;b">
<input type="radio" name="company" value="1" checked><input type=radio name=company value='2'>
<input type="checkbox" name="also"><select name="s"><option value="x">X<option value="y" selected>Y</select>
<textarea name="note">hi &lt;there&gt;</textarea><input disabled name="off" value="1">
<button name="decision" value="allow">Allow</button><button name="decision" value="deny">Deny</button></form>
<form><input name="q"></form><script>"<form>"</script>"#;

fn seen(html: &str) -> Seen {
    Seen {
        url: "http://127.0.0.1:1/oauth/authorize?code=planted".parse().unwrap(),
        status: StatusCode::OK,
        headers: HeaderMap::new(),
        body: html.to_owned(),
        hops: Vec::new(),
    }
}

#[test]
fn a_form_is_sent_as_found_except_for_what_was_filled_in() {
    let page = seen(PAGE);
    assert_eq!(page.forms().len(), 2);
    let form = page.form_with("decision").unwrap();
    assert!(form.post && form.action.as_str() == "http://127.0.0.1:1/consent");
    assert_eq!(form.choices("company"), ["1", "2"]);
    assert_eq!(form.clone().encoded(), "csrf=a%22b&company=1&s=y&note=hi+%3Cthere%3E");
    let form = form
        .with("company", "2")
        .with("decision", "allow")
        .with("note", "n")
        .with("also", "on")
        .with("s", "x");
    assert_eq!(form.encoded(), "csrf=a%22b&company=2&also=on&s=x&note=n&decision=allow");
    let search = page.form_with("q").unwrap();
    assert!(!search.post && search.page_origin == "http://127.0.0.1:1");
}

#[test]
fn texts_are_decoded_and_places_show_no_query() {
    let page = seen(PAGE);
    assert!(page.text().starts_with("T & U go"), "{}", page.text());
    assert!(!page.text().contains("<form>"));
    assert_eq!(seen("<p>head</p><main id=m><h1>A</h1>B</main>foot").text(), "A B");
    assert_eq!(page.place(), "127.0.0.1:1/oauth/authorize");
    assert_eq!(place(&"http://h/connect/secret-token".parse().unwrap()), "h/connect/…");
    let failure = page.expect(303).unwrap_err();
    assert!(!failure.0.contains("planted"), "{failure}");
}

#[test]
fn cookies_are_kept_by_host_and_path_across_ports() {
    let mut jar = Jar::default();
    let url = |text: &str| text.parse::<Url>().unwrap();
    let mut headers = HeaderMap::new();
    for cookie in ["a=1; Path=/; HttpOnly", "b=2; Path=/sub", "c=3; Secure; Path=/"] {
        headers.append(SET_COOKIE, HeaderValue::from_static(cookie));
    }
    jar.take(&url("http://127.0.0.1:1/"), &headers);
    assert_eq!(jar.header(&url("http://127.0.0.1:2/x")).unwrap(), "a=1");
    assert_eq!(jar.header(&url("http://127.0.0.1:1/sub/y")).unwrap(), "a=1; b=2");
    assert!(jar.header(&url("http://127.0.0.2:1/")).is_none());
    let mut headers = HeaderMap::new();
    headers.append(SET_COOKIE, HeaderValue::from_static("a=; Max-Age=0; Path=/"));
    jar.take(&url("http://127.0.0.1:2/"), &headers);
    assert!(jar.header(&url("http://127.0.0.1:1/")).is_none());
}
