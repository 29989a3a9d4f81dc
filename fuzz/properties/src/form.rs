use oauth::Parameters;
use oauth::parameters::{self, ParametersError};
use web::shared::Pairs;

use crate::{refusal, text};

/// The two readers of forms and queries: what one takes means the same to the other; nothing that stands there twice is ever given
/// out as one; what was read, written and read again is the same.
pub fn form(data: &[u8]) {
    let by_bytes = Parameters::parse_bytes(data);
    let Some(text) = text(data) else {
        assert!(matches!(by_bytes, Err(ParametersError::NotUtf8)), "a body that is not UTF-8 was read");
        return;
    };
    let read = Parameters::parse(text);
    assert_eq!(read.is_ok(), by_bytes.is_ok(), "bytes and text are read differently");
    let strict = Pairs::parse(text);
    match &read {
        Ok(read) => {
            check(read);
            if let Ok(strict) = &strict {
                let strict: Vec<(&str, &str)> =
                    strict.as_ref().iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
                assert!(read.iter().eq(strict.iter().copied()), "the two readers differ");
                for (name, _) in &strict {
                    assert_eq!(
                        read.one(name).ok(),
                        Pairs::parse(text).ok().as_ref().and_then(|p| p.one(name).ok())
                    );
                }
            }
        }
        Err(error) => {
            refusal::check(&(*error).into());
            assert!(
                strict.is_err() || *error == ParametersError::TooLong,
                "the stricter reader takes what the other refuses: {error}"
            );
        }
    }
}

fn check(read: &Parameters) {
    let pairs: Vec<(&str, &str)> = read.iter().collect();
    for (name, value) in &pairs {
        assert!(!name.contains('\0') && !value.contains('\0'), "a NUL came through");
        let often = pairs.iter().filter(|(other, _)| other == name).count();
        for one in [read.one(name), read.one_or_empty(name)] {
            match one {
                Ok(Some(one)) => assert!(often == 1 && one == *value, "{name:?} stands there {often} times"),
                Ok(None) => assert!(often == 1 && value.is_empty(), "{name:?} is lost"),
                Err(error) => assert!(often > 1 && error == ParametersError::Repeated, "{name:?}: {error}"),
            }
        }
    }
    let written: Vec<String> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", parameters::encode(name), parameters::encode(value)))
        .collect();
    match Parameters::parse(&written.join("&")) {
        Ok(again) => assert!(again.iter().eq(pairs.iter().copied()), "what was written reads differently"),
        // Written, a byte may take three.
        Err(error) => assert_eq!(error, ParametersError::TooLong),
    }
}
