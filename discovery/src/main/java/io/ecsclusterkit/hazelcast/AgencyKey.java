package io.ecsclusterkit.hazelcast;

import java.time.Duration;
import java.time.Instant;

/** The temporary key that the metadata service gives a server with an agency. */
final class AgencyKey implements KeyAuthenticator.Source {

    /** The service gives a new key ten minutes before the old one ends. */
    private static final Duration EARLY = Duration.ofMinutes(5);

    private final MetadataApi metadata;
    private final TimeSource time;
    private TemporaryKey current;

    AgencyKey(MetadataApi metadata, TimeSource time) {
        this.metadata = metadata;
        this.time = time;
    }

    @Override
    public synchronized AccessKey key(Deadline deadline) throws CloudException {
        if (current == null || !current.validAt(time.now().plus(EARLY))) {
            current = fetch(deadline);
        }
        return current.key();
    }

    @Override
    public synchronized boolean renew(Deadline deadline) throws CloudException {
        String refused = current == null ? "" : current.key().id();
        current = fetch(deadline);
        return !refused.equals(current.key().id());
    }

    /** Whether this server has an agency; remembers its key. */
    synchronized boolean exists(Deadline deadline) throws CloudException {
        if (current == null || !current.validAt(time.now().plus(EARLY))) {
            TemporaryKey fetched = metadata.temporaryKey(deadline).orElse(null);
            if (fetched == null && current == null) {
                return false;
            }
            current = fetched == null ? current : fetched;
        }
        return true;
    }

    private TemporaryKey fetch(Deadline deadline) throws CloudException {
        return metadata.temporaryKey(deadline)
                .orElseThrow(() -> CloudException.trouble("this server has no agency any more, so there is no key to ask with"));
    }

    /** A key and its end. */
    static final class TemporaryKey {

        private final AccessKey key;
        private final Instant end;

        TemporaryKey(AccessKey key, Instant end) {
            this.key = key;
            this.end = end;
        }

        AccessKey key() {
            return key;
        }

        boolean validAt(Instant time) {
            return time.isBefore(end);
        }
    }
}
