use futures_util::stream;
use http_body_util::StreamBody;

use super::*;

fn streamed(pieces: &[&'static str]) -> Body {
    let frames: Vec<_> =
        pieces.iter().map(|piece| Ok::<_, BodyError>(Frame::data(Bytes::from(*piece)))).collect();
    Body::wrap(StreamBody::new(stream::iter(frames)))
}

#[tokio::test]
async fn a_body_is_collected_up_to_its_limit() {
    assert_eq!(streamed(&["ab", "", "cd", "e"]).collect_up_to(5).await.unwrap(), "abcde");
    assert_eq!(streamed(&["abcde"]).collect_up_to(5).await.unwrap(), "abcde");
    assert_eq!(streamed(&["ab", "cd", "e"]).collect_up_to(4).await, Err(BodyError::TooLong { limit: 4 }));
    assert_eq!(Body::empty().collect_up_to(0).await.unwrap(), "");
    assert_eq!(Body::from("abc").collect_up_to(2).await, Err(BodyError::TooLong { limit: 2 }));
}

#[tokio::test]
async fn an_error_on_the_way_is_no_end() {
    let frames = [Ok(Frame::data(Bytes::from("ab"))), Err("the other side went away")];
    let body = Body::wrap(StreamBody::new(stream::iter(frames)));
    assert_eq!(body.collect_up_to(100).await, Err(BodyError::Cut("the other side went away".to_owned())));
}

#[test]
fn sizes_are_known_where_they_can_be() {
    use http_body::Body as _;
    assert_eq!(Body::from("abc").size_hint().exact(), Some(3));
    assert!(Body::empty().is_end_stream());
    assert_eq!(streamed(&["a"]).size_hint().exact(), None);
}
