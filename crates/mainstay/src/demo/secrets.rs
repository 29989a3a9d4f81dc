//! The demo's secrets: passwords, client secrets, switches' tokens.
//!
//! All come from one key that lies with the demo's other keys, so that a demo on kept data finds, after a restart, the people and
//! clients that it made, with the passwords and secrets it made them with.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use base::{Entropy, EntropyExt as _, Secret};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use seal::{MacKey, MacKeyId};

use crate::failure::Failure;

/// Makes the demo's secrets.
pub(super) struct Secrets(MacKey);

impl Secrets {
    /// From the key in `path`, which is made when it is not there.
    pub(super) fn open(path: &Path, entropy: &dyn Entropy) -> Result<Self, Failure> {
        let refused = |error: io::Error| {
            Failure::new(
                format!("the demo's key file {} cannot be used", path.display()),
                error,
                "choose another place with `--data DIR`",
            )
        };
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let text = entropy.text::<32>();
                let mut file = OpenOptions::new()
                    .write(true)
                    .create_new(true)
                    .mode(0o600)
                    .open(path)
                    .map_err(refused)?;
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(refused)?;
                text
            }
            Err(error) => return Err(refused(error)),
        };
        let damaged = || refused(io::Error::new(io::ErrorKind::InvalidData, "it does not hold a key"));
        let bytes = URL_SAFE_NO_PAD.decode(text.trim());
        let id: MacKeyId = "mac_000000000000".parse().expect("this is the form of such an id");
        let bytes: [u8; 32] = bytes.ok().and_then(|bytes| bytes.try_into().ok()).ok_or_else(damaged)?;
        Ok(Self(MacKey::new(id, &Secret::new(bytes))))
    }

    /// The secret of this name: 24 characters, the same every time.
    pub(super) fn of(&self, name: &str) -> String {
        let mac = self.0.mac("the demo's secrets", &[name.as_bytes()]);
        URL_SAFE_NO_PAD.encode(&mac[..18])
    }
}
