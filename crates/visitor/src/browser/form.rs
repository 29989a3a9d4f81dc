use url::{Url, form_urlencoded};

use super::html::{Piece, decode, pieces};

/// A form as a browser would send it: hidden fields as found, the rest as filled in.
#[derive(Debug, Clone)]
pub struct Form {
    /// Where it is sent.
    pub action: Url,
    /// Whether it is posted.
    pub post: bool,
    /// The origin of its page, which a browser tells.
    pub page_origin: String,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Field {
    name: String,
    value: String,
    kind: Kind,
    /// Whether it is sent as things stand.
    sent: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Sent as it is.
    Value,
    /// One of several by the same name, or a box to tick.
    Choice { one_of_many: bool },
    /// Sent only when it is the one that is pressed.
    Button,
}

impl Form {
    /// Whether there is a field or button of this name.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// The values that a choice offers.
    pub fn choices(&self, name: &str) -> Vec<&str> {
        self.fields.iter().filter(|field| field.name == name).map(|field| field.value.as_str()).collect()
    }

    /// The value of a field as it stands.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|field| field.name == name && field.sent).map(|field| field.value.as_str())
    }

    /// Fills in a field, picks one of several, or presses a button.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let kind = self.fields.iter().find(|field| field.name == name).map(|field| field.kind);
        match kind {
            Some(Kind::Value) => {
                for field in self.fields.iter_mut().filter(|field| field.name == name) {
                    value.clone_into(&mut field.value);
                }
            }
            Some(Kind::Choice { one_of_many }) => {
                for field in self.fields.iter_mut().filter(|field| field.name == name) {
                    field.sent = field.value == value || (field.sent && !one_of_many);
                }
            }
            Some(Kind::Button) => {
                for field in self.fields.iter_mut().filter(|field| field.kind == Kind::Button) {
                    field.sent = field.name == name && field.value == value;
                }
            }
            None => {}
        }
        self
    }

    pub(super) fn encoded(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for field in self.fields.iter().filter(|field| field.sent) {
            form.append_pair(&field.name, &field.value);
        }
        form.finish()
    }
}

fn attribute<'a>(attributes: &'a [(String, String)], name: &str) -> Option<&'a str> {
    attributes.iter().find(|(of, _)| of == name).map(|(_, value)| value.as_str())
}

/// All forms of a page. A button outside its form (`form="id"`) is not looked for: no page here has one.
pub(super) fn forms(html: &str, page: &Url) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut inside = false;
    let mut select: Option<(String, bool)> = None;
    let mut textarea: Option<(String, String)> = None;
    for piece in pieces(html) {
        match piece {
            Piece::Open(name, attributes) if name == "form" => {
                let action = attribute(&attributes, "action").filter(|action| !action.is_empty());
                let action = action.and_then(|action| page.join(action).ok()).unwrap_or_else(|| page.clone());
                let post = attribute(&attributes, "method")
                    .is_some_and(|method| method.eq_ignore_ascii_case("post"));
                let page_origin = page.origin().ascii_serialization();
                forms.push(Form { action, post, page_origin, fields: Vec::new() });
                inside = true;
            }
            Piece::Close(name) if name == "form" => inside = false,
            Piece::Text(text) => {
                if let Some((_, value)) = &mut textarea {
                    value.push_str(&decode(text));
                }
            }
            Piece::Close(name) if name == "textarea" => {
                if let (Some((name, value)), Some(form)) = (textarea.take(), forms.last_mut()) {
                    form.fields.push(Field { name, value, kind: Kind::Value, sent: true });
                }
            }
            Piece::Close(name) if name == "select" => select = None,
            Piece::Open(tag, attributes) if inside => {
                let Some(form) = forms.last_mut() else { continue };
                let name = attribute(&attributes, "name").unwrap_or_default().to_owned();
                let has = |of: &str| attribute(&attributes, of).is_some();
                let value = attribute(&attributes, "value").map(str::to_owned);
                if has("disabled") {
                    continue;
                }
                match tag.as_str() {
                    "input" if !name.is_empty() => form.fields.push(input(name, value, &attributes)),
                    "button" if !name.is_empty() => {
                        form.fields.push(Field {
                            name,
                            value: value.unwrap_or_default(),
                            kind: Kind::Button,
                            sent: false,
                        });
                    }
                    "textarea" if !name.is_empty() => textarea = Some((name, String::new())),
                    "select" => select = Some((name, true)),
                    "option" => {
                        if let Some((name, first)) = &mut select {
                            let sent = has("selected") || *first;
                            if has("selected") {
                                for field in form.fields.iter_mut().filter(|field| field.name == *name) {
                                    field.sent = false;
                                }
                            }
                            *first = false;
                            let kind = Kind::Choice { one_of_many: true };
                            form.fields.push(Field {
                                name: name.clone(),
                                value: value.unwrap_or_default(),
                                kind,
                                sent,
                            });
                        }
                    }
                    _ => {}
                }
            }
            Piece::Open(..) | Piece::Close(_) => {}
        }
    }
    forms
}

fn input(name: String, value: Option<String>, attributes: &[(String, String)]) -> Field {
    let checked = attribute(attributes, "checked").is_some();
    match attribute(attributes, "type").unwrap_or("text") {
        "radio" => Field {
            name,
            value: value.unwrap_or_default(),
            kind: Kind::Choice { one_of_many: true },
            sent: checked,
        },
        "checkbox" => Field {
            name,
            value: value.unwrap_or_else(|| "on".to_owned()),
            kind: Kind::Choice { one_of_many: false },
            sent: checked,
        },
        "submit" | "image" | "button" => {
            Field { name, value: value.unwrap_or_default(), kind: Kind::Button, sent: false }
        }
        _ => Field { name, value: value.unwrap_or_default(), kind: Kind::Value, sent: true },
    }
}
