//! Reading `application/x-www-form-urlencoded` text strictly: what a lenient reader guesses at is refused here.

use std::fmt;

use percent_encoding::percent_decode_str;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor,
};

/// More names than any form here has.
const MOST_PAIRS: usize = 256;

/// Why a query or a form was refused. Names are shown, values never.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// A `%` that is not followed by two hexadecimal digits, bytes that are not UTF-8, or a NUL.
    #[error("the encoding of the parameters is broken")]
    Encoding,
    /// Too many parameters.
    #[error("there are too many parameters")]
    TooMany,
    /// A parameter that may occur once occurs more often (RFC 6749 section 3.1).
    #[error("`{0}` occurs more than once")]
    Repeated(String),
    /// A parameter is missing or has a value of the wrong kind.
    #[error("{0}")]
    Value(String),
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Value(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Value(format!("`{field}` is missing"))
    }

    // The texts that serde makes by itself would repeat what was sent.
    fn invalid_type(_unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::Value(format!("a value is not {expected}"))
    }

    fn invalid_value(_unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::Value(format!("a value is not {expected}"))
    }

    fn unknown_variant(_variant: &str, expected: &'static [&'static str]) -> Self {
        Self::Value(format!("a value is none of: {}", expected.join(", ")))
    }
}

/// Decoded parameters in the order in which they were sent, repeated ones included.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Pairs(Vec<(String, String)>);

impl Pairs {
    /// Decodes `text`. Nothing is guessed at: see [`DecodeError::Encoding`].
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        let mut pairs = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            if pairs.len() == MOST_PAIRS {
                return Err(DecodeError::TooMany);
            }
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            pairs.push((decode(name)?, decode(value)?));
        }
        Ok(Self(pairs))
    }

    /// The value of a parameter that may occur once; `None` when it is absent or empty, which is the same (RFC 6749 section 3.1).
    pub fn one(&self, name: &str) -> Result<Option<&str>, DecodeError> {
        let mut values = self.0.iter().filter(|(n, _)| n == name).map(|(_, value)| value.as_str());
        let first = values.next();
        if values.next().is_some() {
            Err(DecodeError::Repeated(name.to_owned()))
        } else {
            Ok(first.filter(|v| !v.is_empty()))
        }
    }

    /// The first name that occurs more than once.
    pub fn repeated(&self) -> Option<&str> {
        self.0.iter().enumerate().find_map(|(index, (name, _))| {
            self.0[..index].iter().any(|(earlier, _)| earlier == name).then_some(name.as_str())
        })
    }

    /// Reads the parameters into a type. A name that occurs more than once is refused unless the field is a `Vec`; an empty
    /// value is `None` for an `Option`; unknown names are passed over unless the type denies them.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, DecodeError> {
        let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
        for (name, value) in &self.0 {
            match groups.iter_mut().find(|(n, _)| n == name) {
                Some((_, values)) => values.push(value),
                None => groups.push((name, vec![value])),
            }
        }
        T::deserialize(Groups { rest: groups.into_iter(), values: None })
    }
}

impl IntoIterator for Pairs {
    type Item = (String, String);
    type IntoIter = std::vec::IntoIter<(String, String)>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl AsRef<[(String, String)]> for Pairs {
    fn as_ref(&self) -> &[(String, String)] {
        &self.0
    }
}

impl fmt::Debug for Pairs {
    /// Names alone: the values hold codes, passwords and secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn decode(text: &str) -> Result<String, DecodeError> {
    let bytes = text.as_bytes();
    let broken = bytes.iter().enumerate().any(|(at, byte)| {
        *byte == b'%'
            && !bytes.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    });
    if broken {
        return Err(DecodeError::Encoding);
    }
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8().map_err(|_| DecodeError::Encoding)?;
    if decoded.contains('\0') { Err(DecodeError::Encoding) } else { Ok(decoded.into_owned()) }
}

struct Groups<'a> {
    rest: std::vec::IntoIter<(&'a str, Vec<&'a str>)>,
    values: Option<(&'a str, Vec<&'a str>)>,
}

impl<'de> Deserializer<'de> for Groups<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_map(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl<'de> MapAccess<'de> for Groups<'_> {
    type Error = DecodeError;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, DecodeError> {
        self.values = self.rest.next();
        match &self.values {
            Some((name, _)) => seed.deserialize((*name).into_deserializer()).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, DecodeError> {
        let (name, values) = self.values.take().expect("serde asks for a value after its key");
        seed.deserialize(Values { name, values })
    }
}

/// All values of one name.
struct Values<'a> {
    name: &'a str,
    values: Vec<&'a str>,
}

impl<'a> Values<'a> {
    fn one(&self) -> Result<&'a str, DecodeError> {
        match self.values[..] {
            [value] => Ok(value),
            _ => Err(DecodeError::Repeated(self.name.to_owned())),
        }
    }

    fn parse<T: std::str::FromStr>(&self, kind: &str) -> Result<T, DecodeError> {
        self.one()?.parse().map_err(|_| DecodeError::Value(format!("`{}` is not {kind}", self.name)))
    }
}

macro_rules! numbers {
    ($($method:ident $visit:ident)*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            visitor.$visit(self.parse("a number that fits here")?)
        }
    )*};
}

impl<'de> Deserializer<'de> for Values<'_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_str(self.one()?)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.one()?.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_bool(self.parse("true or false")?)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_seq(de::value::SeqDeserializer::new(self.values.into_iter()))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        let deserializer: de::value::StrDeserializer<'_, DecodeError> = self.one()?.into_deserializer();
        deserializer.deserialize_enum(name, variants, visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        visitor.visit_newtype_struct(self)
    }

    /// An unknown parameter is passed over, but may not be repeated either.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        self.one()?;
        visitor.visit_unit()
    }

    numbers! {
        deserialize_i8 visit_i8 deserialize_i16 visit_i16 deserialize_i32 visit_i32 deserialize_i64 visit_i64
        deserialize_u8 visit_u8 deserialize_u16 visit_u16 deserialize_u32 visit_u32 deserialize_u64 visit_u64
        deserialize_f32 visit_f32 deserialize_f64 visit_f64
    }

    serde::forward_to_deserialize_any! {
        i128 u128 char str string bytes byte_buf unit unit_struct tuple tuple_struct map struct identifier
    }
}
