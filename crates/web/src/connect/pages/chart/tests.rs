use base::Timestamp;

use super::{Chart, Day, HEIGHT, WIDTH};

fn chart(days: &[(u32, u32, u32)]) -> Chart {
    let day = |(index, &(refreshed, refused, failed)): (i64, &(u32, u32, u32))| Day {
        at: Timestamp::from_seconds(1_767_225_600 + index * 86_400),
        refreshed,
        refused,
        failed,
    };
    Chart::new((0..).zip(days).map(day).collect())
}

#[test]
fn columns_stand_on_the_ground_inside_the_picture_and_do_not_overlap() {
    let many: Vec<_> = (0..30).map(|day| (90 + day, day % 3, day % 2)).collect();
    for days in [&many[..], &[(1, 0, 0)], &[(1_000_000, 1, 1)], &[(0, 0, 3), (0, 0, 0), (2, 2, 2)]] {
        let bars = chart(days).bars();
        for bar in &bars {
            assert!(bar.x + bar.width <= WIDTH && bar.y + bar.height <= HEIGHT && bar.height > 0, "{bar:?}");
        }
        for pair in bars.windows(2) {
            if pair[0].x == pair[1].x {
                assert_eq!(pair[1].y + pair[1].height, pair[0].y, "one part stands on the other: {pair:?}");
            } else {
                assert!(pair[0].x + pair[0].width <= pair[1].x, "{pair:?}");
                assert_eq!(pair[1].y + pair[1].height, HEIGHT, "{pair:?}");
            }
        }
    }
}

#[test]
fn a_single_refusal_among_many_refreshes_is_still_seen() {
    let bars = chart(&[(5000, 1, 0)]).bars();
    let refused = bars.iter().find(|bar| bar.class == "refused").expect("a bar");
    assert_eq!((refused.height, refused.title.as_str()), (4, "1 January 2026: 1 refused"));
}

#[test]
fn the_words_say_what_the_picture_shows() {
    let chart = chart(&[(3, 0, 0), (0, 2, 1)]);
    assert_eq!(chart.summary(), "In the last 2 days: 3 refreshes, 2 refused, 1 failed for another reason.");
    let bad = chart.bad_days();
    assert_eq!(bad.len(), 1);
    assert_eq!(
        (bad[0].0.day().as_str(), bad[0].1.as_str()),
        ("2 January 2026", "2 refused, 1 failed otherwise, 0 stored")
    );
    assert!(chart.span().is_some() && !chart.is_empty());
    assert_eq!(self::chart(&[(0, 0, 0), (0, 0, 0)]).summary(), "In the last 2 days no refresh was due.");
    assert!(Chart::new(Vec::new()).is_empty() && Chart::new(Vec::new()).bars().is_empty());
}
