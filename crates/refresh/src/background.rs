//! What the authority does by itself: follow the changes of other processes, refresh ahead, keep idle grants alive.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use base::{StoreError, Timestamp};
use continuity::RestoreSign;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::authority::{Authority, Inner};
use crate::directory::ProviderAccess;
use crate::store::{DueGrant, Epoch};
use crate::{Cause, CredentialKind, GrantChange, LendError};

/// How many due grants are taken up at a time, and how many refreshes the scheduler has under way at most.
const BATCH: u32 = 256;
const UNDER_WAY: usize = 64;
/// How often the newest rotation is noted outside the database.
const REMEMBER_EVERY: Duration = Duration::from_secs(1);
/// After how many of those it is written who was lent.
const NOTE_EVERY: u32 = 30;
/// How often the database is marked as in use: often where others may wait for it, who have nobody else to tell them that it was
/// not restored.
const BEAT_EVERY: Duration = Duration::from_secs(2);
const BEAT_ALONE_EVERY: Duration = Duration::from_secs(10);

impl Authority {
    /// Looks whether the database was restored from a backup, then brings in what earlier processes left on disk. Call it once,
    /// before lending. Gives how many answers were brought in.
    pub async fn recover(&self) -> Result<usize, LendError> {
        self.inner.check_restored().await?;
        self.inner.replay_spilled().await
    }

    /// Follows and schedules until `stop`. Refreshes under way go on in tasks of the tracker.
    pub async fn run(&self, stop: CancellationToken) {
        let follower = self.inner.follow(stop.clone());
        let scheduler = self.inner.schedule(stop.clone());
        let beats = self.inner.keep_beating(stop.clone());
        let notes = self.inner.keep_notes(stop);
        futures_util::future::join4(follower, scheduler, beats, notes).await;
    }

    /// Looks for changes of other processes now, instead of at the next poll.
    pub async fn follow_once(&self) -> Result<(), StoreError> {
        self.inner.look().await
    }

    /// Takes up everything that is due now and waits until it is done. For tests and the simulation.
    pub async fn schedule_once(&self) -> Result<usize, StoreError> {
        let due = self.inner.parts.store.due(self.inner.now(), BATCH).await?;
        let count = due.len();
        for grant in due {
            self.inner.take_up(grant).await;
        }
        Ok(count)
    }
}

/// Waits for `duration`; `false` once it is time to stop.
async fn pause(duration: Duration, stop: &CancellationToken) -> bool {
    tokio::time::timeout(duration, stop.cancelled()).await.is_err()
}

impl Inner {
    /// Follows the change sequence (rule 1).
    async fn follow(self: &Arc<Self>, stop: CancellationToken) {
        // What was cached before the first look is dropped by it, as the sequence is read from its end.
        let mut started = false;
        while !stop.is_cancelled() {
            let looked = if started { self.look().await } else { self.first_look().await };
            match looked {
                Ok(()) => started = true,
                Err(error) => tracing::warn!(error = %error, "the changes of grants cannot be followed"),
            }
            // Woken at once where the change was made, else at the next poll.
            let woken = async {
                futures_util::future::select(
                    std::pin::pin!(self.written.notified()),
                    std::pin::pin!(stop.cancelled()),
                )
                .await;
            };
            let _ = tokio::time::timeout(self.settings.poll, woken).await;
        }
    }

    async fn first_look(&self) -> Result<(), StoreError> {
        let begun = self.parts.clock.monotonic();
        let last = self.parts.store.last_event().await?;
        if last < self.newest.load(Ordering::SeqCst) {
            self.step_back(&self.parts.store.epoch().await?).await?;
        } else {
            self.position.send_replace(last);
            self.newest.store(last, Ordering::SeqCst);
        }
        self.cache.clear();
        self.note_looked(begun);
        Ok(())
    }

    async fn look(&self) -> Result<(), StoreError> {
        let last = self.parts.store.last_event().await?;
        // A suspicion that could not be written down stays one when others have written past what was seen.
        if last < self.newest.load(Ordering::SeqCst) || self.suspects_restore.load(Ordering::SeqCst) {
            self.suspects_restore.store(true, Ordering::SeqCst);
            self.step_back(&self.parts.store.epoch().await?).await?;
        } else {
            self.newest.store(last, Ordering::SeqCst);
        }
        loop {
            let begun = self.parts.clock.monotonic();
            let after = *self.position.borrow();
            let events = self.parts.store.events_after(after, 1000).await?;
            for numbered in &events {
                let event = &numbered.event;
                match event.change {
                    GrantChange::Ended { .. } => self.cache.drop_entry(event.grant),
                    _ => self.cache.drop_older(event.grant, event.generation),
                }
            }
            if let Some(last) = events.last() {
                self.position.send_replace(last.position);
                self.newest.fetch_max(last.position, Ordering::SeqCst);
            }
            if events.len() < 1000 {
                self.note_looked(begun);
                return Ok(());
            }
        }
    }

    /// The database was put back under this running instance.
    pub(crate) async fn step_back(&self, epoch: &Epoch) -> Result<(), StoreError> {
        self.suspects_restore.store(true, Ordering::SeqCst);
        self.doubt(epoch, RestoreSign::StepBack).await?;
        self.position.send_replace(epoch.last_event);
        self.newest.store(epoch.last_event, Ordering::SeqCst);
        Ok(())
    }

    async fn schedule(self: &Arc<Self>, stop: CancellationToken) {
        let under_way = Arc::new(Semaphore::new(UNDER_WAY));
        while pause(self.settings.poll, &stop).await {
            let due = match self.parts.store.due(self.now(), BATCH).await {
                Ok(due) => due,
                Err(error) => {
                    tracing::warn!(error = %error, "due grants cannot be read");
                    continue;
                }
            };
            metrics::gauge!("mainstay_refresh_due")
                .set(f64::from(u32::try_from(due.len()).unwrap_or(u32::MAX)));
            for grant in due.into_iter().filter(|grant| !self.is_flying(grant.id)) {
                let Ok(permit) = under_way.clone().acquire_owned().await else { return };
                if stop.is_cancelled() {
                    return;
                }
                let inner = self.clone();
                self.parts.tracker.spawn(async move {
                    inner.take_up(grant).await;
                    drop(permit);
                });
            }
        }
    }

    /// Does what a due grant needs: a refresh, or only a later date because nobody uses it.
    async fn take_up(self: &Arc<Self>, due: DueGrant) {
        // Until then nothing of what was restored can be settled.
        let access = self.access(&due.provider);
        let rotation = access.as_deref().and_then(ProviderAccess::rotating).map(|(_, rotation)| rotation);
        if rotation.is_some_and(|rotation| !self.doubt_unsettled_for(rotation).is_zero()) {
            return;
        }
        if self.settling.is_put_off(due.id, self.parts.clock.monotonic()) {
            return;
        }
        let now = self.now();
        let in_use = now.since(due.used_at) < self.settings.in_use_for;
        let keep_alive_at = self.keep_alive_at(&due.provider, due.obtained_at);
        // A key has reached its date, used or not.
        let rotates = due.kind == CredentialKind::OAuth;
        if rotates && due.healthy && !in_use && keep_alive_at.is_none_or(|at| at > now) {
            if let Err(error) = self.parts.store.postpone(due.id, due.generation, keep_alive_at).await {
                tracing::warn!(grant.id = %due.id, error = %error, "an idle grant could not be put off");
            }
            return;
        }
        let cause = match (due.healthy, in_use) {
            (false, _) => Cause::Recovery,
            (true, true) => Cause::Ahead,
            (true, false) => Cause::KeepAlive,
        };
        // What came of it stands in the row, in the log and in the event; there is nobody to tell here.
        let _ = self.join_flight(due.id, due.generation, cause).await;
    }

    /// Notes the newest rotation outside the database, and now and then in it who was lent.
    async fn keep_notes(self: &Arc<Self>, stop: CancellationToken) {
        let mut since = self.now();
        let mut remembered = *self.position.borrow();
        for round in 1_u32.. {
            let go_on = pause(REMEMBER_EVERY, &stop).await;
            let position = *self.position.borrow();
            if position != remembered {
                self.remember(position).await;
                remembered = position;
            }
            if round.is_multiple_of(NOTE_EVERY) || !go_on {
                since = self.write_notes(since).await;
            }
            if !go_on {
                return;
            }
        }
    }

    /// Marks the database as in use, and waits for nothing else: where this instance's disk is slow, others shall not think that there
    /// is nobody.
    async fn keep_beating(&self, stop: CancellationToken) {
        let every = || if self.is_alone.load(Ordering::SeqCst) { BEAT_ALONE_EVERY } else { BEAT_EVERY };
        while pause(every(), &stop).await {
            if let Err(error) = self.beat().await {
                tracing::warn!(error = %error, "the database could not be marked as in use");
            }
        }
    }

    /// Marks the database as in use. Others take that as proof that it was not restored, so an instance that has not looked just now,
    /// or has seen a step back that it could not write down yet, does not do it.
    async fn beat(&self) -> Result<(), StoreError> {
        let looked_at = *self.looked_at.lock().expect("no code panics while it holds a moment");
        let fresh_for = self.settings.poll * 2 + REMEMBER_EVERY;
        let is_fresh = looked_at.is_some_and(|at| self.monotonic().saturating_sub(at) <= fresh_for);
        if !is_fresh || self.suspects_restore.load(Ordering::SeqCst) {
            return Ok(());
        }
        match self.look_for_restore().await? {
            Some(_) => self.parts.store.beat(self.now()).await,
            None => Ok(()),
        }
    }

    fn note_looked(&self, begun: Duration) {
        *self.looked_at.lock().expect("no code panics while it holds a moment") = Some(begun);
        self.cache.followed(begun);
    }

    async fn write_notes(&self, since: Timestamp) -> Timestamp {
        let now = self.now();
        let used = self.cache.sweep(now, since);
        if used.is_empty() {
            return now;
        }
        match self.parts.store.note_used(&used).await {
            Ok(()) => now,
            Err(error) => {
                tracing::warn!(error = %error, "who was lent could not be noted; tried again later");
                since
            }
        }
    }
}
