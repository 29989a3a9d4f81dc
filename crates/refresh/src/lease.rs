use crate::GrantId;

/// Proof that this process took a grant's lease. Only [`LeaseProof::issued_by_store`] makes one, and only a store calls that,
/// so that what must be done under the lease cannot be written without it (`refresh-authority` rule 4, invariant 5).
#[derive(Debug, PartialEq, Eq)]
pub struct LeaseProof {
    grant: GrantId,
    owner: String,
    fence: u64,
}

impl LeaseProof {
    /// For implementations of `Store::take_lease` alone, after the row has been written.
    pub fn issued_by_store(grant: GrantId, owner: String, fence: u64) -> Self {
        Self { grant, owner, fence }
    }

    /// The grant whose lease it is.
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    /// The holder.
    pub fn owner(&self) -> &str {
        &self.owner
    }

    /// The fence that each write under the lease checks.
    pub const fn fence(&self) -> u64 {
        self.fence
    }
}
