//! authserver
