use super::*;

fn png(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bytes.extend(width.to_be_bytes());
    bytes.extend(height.to_be_bytes());
    bytes.extend([8, 6, 0, 0, 0, 0, 0, 0, 0]);
    bytes
}

fn gif(width: u16, height: u16) -> Vec<u8> {
    [b"GIF89a".as_slice(), &width.to_le_bytes(), &height.to_le_bytes(), &[0; 8]].concat()
}

fn jpeg(width: u16, height: u16) -> Vec<u8> {
    let frame =
        [&[0xFF, 0xD8, 0xFF, 0xC0, 0, 17, 8][..], &height.to_be_bytes(), &width.to_be_bytes()].concat();
    [frame, vec![3, 1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1, 0xFF, 0xD9]].concat()
}

fn webp(side: u32) -> Vec<u8> {
    let less = &(side - 1).to_le_bytes()[..3];
    [b"RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0".as_slice(), less, less, &[0; 16]].concat()
}

#[test]
fn square_raster_pictures_are_taken_for_what_they_are() {
    for (bytes, kind) in [
        (png(256, 256), LogoKind::Png),
        (gif(64, 64), LogoKind::Gif),
        (jpeg(128, 128), LogoKind::Jpeg),
        (webp(512), LogoKind::Webp),
        (png(32, 32), LogoKind::Png),
        (png(2048, 2048), LogoKind::Png),
    ] {
        let logo = read_logo(&bytes).unwrap_or_else(|error| panic!("{kind:?}: {error}"));
        assert_eq!(logo, Logo { kind, bytes });
    }
}

#[test]
fn what_is_no_raster_picture_is_refused_whatever_it_is_called() {
    for bytes in [
        &b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"64\" height=\"64\"><script>1</script></svg>"[..],
        b"<?xml version=\"1.0\"?><svg width=\"64\" height=\"64\"/>",
        b"<!doctype html><title>x</title>",
        b"BM\x46\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0\x40\0\0\0\x40\0\0\0\x01\0\x18\0",
        b"",
        b"\x89PNG",
        b"%PDF-1.7",
    ] {
        let refused = read_logo(bytes).unwrap_err();
        assert!(matches!(refused, LogoError::Kind | LogoError::Damaged), "{refused}");
    }
}

#[test]
fn pictures_that_are_not_square_or_of_a_strange_size_are_refused() {
    assert_eq!(read_logo(&png(256, 255)), Err(LogoError::NotSquare { width: 256, height: 255 }));
    assert_eq!(read_logo(&png(31, 31)), Err(LogoError::Side { side: 31 }));
    // Few bytes that would fill the memory of whoever decodes them.
    assert_eq!(read_logo(&png(60_000, 60_000)), Err(LogoError::Side { side: 60_000 }));
    assert_eq!(read_logo(&png(0, 0)), Err(LogoError::Side { side: 0 }));
}

#[test]
fn pictures_are_at_most_256_kib() {
    let mut bytes = png(256, 256);
    bytes.resize(256 * 1024, 0);
    read_logo(&bytes).unwrap();
    bytes.push(0);
    assert_eq!(read_logo(&bytes), Err(LogoError::TooLarge));
}

#[test]
fn damaged_headers_make_nothing_panic() {
    for whole in [png(64, 64), gif(64, 64), jpeg(64, 64), webp(64)] {
        for length in 0..whole.len() {
            let _taken_or_refused = read_logo(&whole[..length]);
        }
    }
}

#[test]
fn kinds_have_a_name_each() {
    for kind in LogoKind::ALL {
        assert_eq!(LogoKind::from_content_type(kind.content_type()), Some(kind));
    }
    assert_eq!(LogoKind::from_content_type("image/svg+xml"), None);
}
