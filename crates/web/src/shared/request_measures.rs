use std::collections::HashMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use base::Entropy;
use metrics::{Counter, Histogram, Label};

use super::Side;

/// What is kept beside a router so that naming and measuring a request costs little.
#[derive(Debug)]
pub(super) struct RequestMeasures {
    side: Side,
    /// By the route's pattern: few, and each with few methods and statuses.
    series: RwLock<HashMap<String, Vec<Series>>>,
    ids: RandomAhead,
}

/// The time series of one kind of answer. Looking one up by its labels costs more than a short answer itself.
#[derive(Clone)]
struct Series {
    method: &'static str,
    status: u16,
    duration: Histogram,
    count: Counter,
}

impl std::fmt::Debug for Series {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Series")
            .field("method", &self.method)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl RequestMeasures {
    pub(super) fn new(side: Side, entropy: Arc<dyn Entropy>) -> Self {
        Self { side, series: RwLock::default(), ids: RandomAhead::new(entropy) }
    }

    /// Where request ids get their random part from.
    pub(super) fn ids(&self) -> &dyn Entropy {
        &self.ids
    }

    pub(super) fn answered(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let write = |series: &Series| {
            series.duration.record(took.as_secs_f64());
            series.count.increment(1);
        };
        let is_it = |series: &&Series| series.method == method && series.status == status;
        {
            let known = self.series.read().expect("no code panics while it holds this");
            if let Some(series) = known.get(route).and_then(|of_route| of_route.iter().find(is_it)) {
                return write(series);
            }
        }
        let series = self.series_of(method, route, status);
        write(&series);
        let mut known = self.series.write().expect("no code panics while it holds this");
        let of_route = known.entry(route.to_owned()).or_default();
        if !of_route.iter().any(|series| is_it(&series)) {
            of_route.push(series);
        }
    }

    fn series_of(&self, method: &'static str, route: &str, status: u16) -> Series {
        let mut labels = vec![
            Label::from_static_parts("side", self.side.name()),
            Label::from_static_parts("method", method),
            Label::new("route", route.to_owned()),
        ];
        let duration = metrics::histogram!("mainstay_http_request_duration_seconds", labels.clone());
        labels.push(Label::new("status", status.to_string()));
        let count = metrics::counter!("mainstay_http_requests_total", labels);
        Series { method, status, duration, count }
    }
}

/// Random bytes fetched ahead, many at a time: each fetch is a call into the system. For what need not be secret.
#[derive(Debug)]
struct RandomAhead {
    source: Arc<dyn Entropy>,
    ahead: Mutex<Vec<u8>>,
}

impl RandomAhead {
    const FETCHED: usize = 1024;

    fn new(source: Arc<dyn Entropy>) -> Self {
        Self { source, ahead: Mutex::default() }
    }
}

impl Entropy for RandomAhead {
    fn fill(&self, buffer: &mut [u8]) {
        if buffer.len() > Self::FETCHED {
            return self.source.fill(buffer);
        }
        let mut ahead = self.ahead.lock().expect("no code panics while it holds this");
        if ahead.len() < buffer.len() {
            ahead.resize(Self::FETCHED, 0);
            self.source.fill(&mut ahead);
        }
        let left = ahead.len() - buffer.len();
        buffer.copy_from_slice(&ahead[left..]);
        ahead.truncate(left);
    }
}

#[cfg(test)]
mod tests;
