-- The ledger as version 0.1.0 first made it, on SQLite: frozen, never edited.
CREATE TABLE deliveries (
    id INTEGER NOT NULL,
    biller VARCHAR(63) NOT NULL,
    payment_guid VARCHAR(36) NOT NULL,
    invoice_number VARCHAR(40) NOT NULL,
    account_number VARCHAR(40) NOT NULL,
    customer_name TEXT NOT NULL,
    paid_at BIGINT NOT NULL,
    amount BIGINT NOT NULL,
    fee BIGINT NOT NULL,
    payment_reference TEXT NOT NULL,
    payment_message TEXT NOT NULL,
    method VARCHAR(24) NOT NULL,
    approved BOOLEAN NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    source VARCHAR(24) NOT NULL,
    state VARCHAR(24) NOT NULL,
    attempts INTEGER NOT NULL,
    accepted_at BIGINT NOT NULL,
    next_at BIGINT,
    sent_at BIGINT,
    balance_before BIGINT,
    lease_owner VARCHAR(36),
    lease_until BIGINT,
    fence INTEGER NOT NULL,
    receipt_id VARCHAR(100),
    evidence VARCHAR(24),
    confirmed_at BIGINT,
    last_error TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT deliveries_once UNIQUE (biller, payment_guid, invoice_number),
    CONSTRAINT deliveries_amount_positive CHECK (amount > 0)
);
CREATE INDEX deliveries_due ON deliveries (biller, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_in_state ON deliveries (state, id);
CREATE INDEX deliveries_of_invoice ON deliveries (biller, invoice_number);
CREATE UNIQUE INDEX deliveries_one_at_a_time ON deliveries (biller, invoice_number) WHERE state IN ('in_doubt', 'pending', 'sending') OR lease_owner IS NOT NULL;
CREATE INDEX deliveries_paid ON deliveries (biller, paid_at);
CREATE INDEX deliveries_unconfirmed ON deliveries (biller, paid_at) WHERE confirmed_at IS NULL;
CREATE TABLE enrolled_accounts (
    biller VARCHAR(63) NOT NULL,
    kind VARCHAR(24) NOT NULL,
    account_number VARCHAR(40) NOT NULL,
    since BIGINT NOT NULL,
    PRIMARY KEY (biller, kind, account_number)
);
CREATE TABLE enrollments (
    id INTEGER NOT NULL,
    biller VARCHAR(63) NOT NULL,
    event_guid VARCHAR(36) NOT NULL,
    account_number VARCHAR(40) NOT NULL,
    kind VARCHAR(24) NOT NULL,
    enrolled BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    source VARCHAR(24) NOT NULL,
    state VARCHAR(24) NOT NULL,
    attempts INTEGER NOT NULL,
    accepted_at BIGINT NOT NULL,
    next_at BIGINT,
    sent_at BIGINT,
    settles_at BIGINT,
    lease_owner VARCHAR(36),
    lease_until BIGINT,
    fence INTEGER NOT NULL,
    delivered_at BIGINT,
    last_error TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT enrollments_once UNIQUE (biller, event_guid)
);
CREATE INDEX enrollments_due ON enrollments (biller, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX enrollments_in_state ON enrollments (state, id);
CREATE INDEX enrollments_of_setting ON enrollments (biller, kind, account_number, changed_at);
CREATE UNIQUE INDEX enrollments_one_at_a_time ON enrollments (biller, kind, account_number) WHERE lease_owner IS NOT NULL;
CREATE TABLE exceptions (
    id INTEGER NOT NULL,
    biller VARCHAR(63) NOT NULL,
    kind VARCHAR(24) NOT NULL,
    payment_guid VARCHAR(36),
    invoice_number VARCHAR(40),
    reference VARCHAR(100),
    detail TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolution TEXT NOT NULL,
    PRIMARY KEY (id)
);
CREATE INDEX exceptions_of_invoice ON exceptions (biller, invoice_number, resolved_at);
CREATE TABLE meta (
    name VARCHAR(40) NOT NULL,
    value VARCHAR(100) NOT NULL,
    PRIMARY KEY (name)
);
CREATE TABLE reversals (
    id INTEGER NOT NULL,
    biller VARCHAR(63) NOT NULL,
    reject_guid VARCHAR(36) NOT NULL,
    payment_guid VARCHAR(36) NOT NULL,
    invoice_number VARCHAR(40) NOT NULL,
    account_number VARCHAR(40) NOT NULL,
    amount BIGINT NOT NULL,
    code VARCHAR(10) NOT NULL,
    reason TEXT NOT NULL,
    returned_at BIGINT NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    state VARCHAR(24) NOT NULL,
    attempts INTEGER NOT NULL,
    seen_at BIGINT NOT NULL,
    next_at BIGINT,
    sent_at BIGINT,
    handed_over_at BIGINT,
    lease_owner VARCHAR(36),
    lease_until BIGINT,
    fence INTEGER NOT NULL,
    receipt_id VARCHAR(100),
    reversed_at BIGINT,
    last_error TEXT NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT reversals_once UNIQUE (biller, reject_guid, invoice_number)
);
CREATE INDEX reversals_due ON reversals (biller, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX reversals_of_invoice ON reversals (biller, invoice_number);
CREATE INDEX reversals_of_payment ON reversals (biller, payment_guid);
CREATE UNIQUE INDEX reversals_one_at_a_time ON reversals (biller, invoice_number) WHERE state IN ('failed', 'handed_over', 'sending');
CREATE TABLE settlements (
    id INTEGER NOT NULL,
    biller VARCHAR(63) NOT NULL,
    batch_id VARCHAR(100) NOT NULL,
    settled_on DATE NOT NULL,
    transaction_type VARCHAR(24) NOT NULL,
    payment_guid VARCHAR(36) NOT NULL,
    invoice_number VARCHAR(40) NOT NULL,
    amount BIGINT NOT NULL,
    batch_total BIGINT NOT NULL,
    batch_count INTEGER NOT NULL,
    seen_at BIGINT NOT NULL,
    matched_at BIGINT,
    PRIMARY KEY (id),
    CONSTRAINT settlements_once UNIQUE (biller, batch_id, transaction_type, payment_guid, invoice_number)
);
CREATE INDEX settlements_of_payment ON settlements (biller, payment_guid, invoice_number, transaction_type, batch_id);
CREATE INDEX settlements_unmatched ON settlements (biller, id) WHERE matched_at IS NULL;
CREATE TABLE uploads (
    id INTEGER NOT NULL,
    biller VARCHAR(63) NOT NULL,
    reference VARCHAR(50) NOT NULL,
    state VARCHAR(24) NOT NULL,
    invoice_count INTEGER NOT NULL,
    total BIGINT NOT NULL,
    as_of BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    sent_at BIGINT NOT NULL,
    answered_at BIGINT,
    tries INTEGER NOT NULL,
    file_name TEXT NOT NULL,
    file_guid VARCHAR(100) NOT NULL,
    message TEXT NOT NULL,
    content BLOB,
    fingerprints TEXT,
    PRIMARY KEY (id),
    CONSTRAINT uploads_once UNIQUE (biller, reference)
);
CREATE INDEX uploads_in_state ON uploads (biller, state);
CREATE TABLE watermarks (
    biller VARCHAR(63) NOT NULL,
    job VARCHAR(40) NOT NULL,
    mark TEXT NOT NULL,
    moved_at BIGINT NOT NULL,
    PRIMARY KEY (biller, job)
);
CREATE TABLE billed_invoices (
    biller VARCHAR(63) NOT NULL,
    invoice_number VARCHAR(40) NOT NULL,
    fingerprint VARCHAR(64) NOT NULL,
    upload_id INTEGER NOT NULL,
    PRIMARY KEY (biller, invoice_number),
    FOREIGN KEY(upload_id) REFERENCES uploads (id)
);
CREATE TABLE delivery_events (
    id INTEGER NOT NULL,
    delivery_id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    from_state VARCHAR(24),
    to_state VARCHAR(24) NOT NULL,
    cause VARCHAR(24) NOT NULL,
    detail TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(delivery_id) REFERENCES deliveries (id)
);
CREATE INDEX delivery_events_of_delivery ON delivery_events (delivery_id, id);
CREATE TABLE enrollment_events (
    id INTEGER NOT NULL,
    enrollment_id INTEGER NOT NULL,
    at BIGINT NOT NULL,
    from_state VARCHAR(24),
    to_state VARCHAR(24) NOT NULL,
    detail TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(enrollment_id) REFERENCES enrollments (id)
);
CREATE INDEX enrollment_events_of_enrollment ON enrollment_events (enrollment_id, id);
