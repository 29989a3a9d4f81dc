use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

pub(super) const AUTHORITY: &str = "authority.pem";
pub(super) const CERTIFICATE: &str = "server.pem";
pub(super) const KEY: &str = "server.key";

/// Writes an authority's certificate, and one for this machine with its key, for whoever owns the directory.
pub(super) fn write(directory: &Path) {
    let mut authority = CertificateParams::new(Vec::new()).expect("no names are valid names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, key()).expect("an authority signs itself");
    let server_key = key();
    let server = CertificateParams::new(["127.0.0.1".to_owned(), "localhost".to_owned()])
        .and_then(|server| server.signed_by(&server_key, &authority))
        .expect("an authority signs for this machine");
    let owner = fs::metadata(directory).expect("the directory was just made");
    for (name, text) in
        [(AUTHORITY, authority.pem()), (CERTIFICATE, server.pem()), (KEY, server_key.serialize_pem())]
    {
        let path = directory.join(name);
        // PostgreSQL refuses a key that others could read.
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .expect("it is our directory");
        file.write_all(text.as_bytes()).expect("there is space left");
        chown(&path, Some(owner.uid()), Some(owner.gid()))
            .expect("root gives to others, others to themselves");
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("the machine gives randomness")
}
