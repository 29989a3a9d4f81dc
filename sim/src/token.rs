//! Token texts name what they are: `r2.5` is the fifth refresh token of the grant 2, `a2.5` the access token of its fifth pair.

/// The text of a refresh token.
pub(crate) fn refresh_token(grant: usize, number: usize) -> String {
    format!("r{grant}.{number}")
}

/// The text of an access token.
pub(crate) fn access_token(grant: usize, pair: usize) -> String {
    format!("a{grant}.{pair}")
}

/// The kind (`a` or `r`), the grant and the number of a token.
pub(crate) fn parse(token: &str) -> Option<(char, usize, usize)> {
    let kind = token.chars().next()?;
    let (grant, number) = token.get(1..)?.split_once('.')?;
    Some((kind, grant.parse().ok()?, number.parse().ok()?))
}
