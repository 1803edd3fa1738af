package io.ecsclusterkit.hazelcast;

/** Signs requests with an access key from wherever it comes. */
final class KeyAuthenticator implements Authenticator {

    /** Where the key comes from. */
    interface Source {

        /** @throws CloudException when there is no key */
        AccessKey key(Deadline deadline) throws CloudException;

        /** Fetches the key anew after it was refused and says whether it has changed. */
        boolean renew(Deadline deadline) throws CloudException;
    }

    private final Source source;
    private final TimeSource time;

    KeyAuthenticator(Source source, TimeSource time) {
        this.source = source;
        this.time = time;
    }

    @Override
    public HttpCall authorise(HttpCall call, Site site, Deadline deadline) throws CloudException {
        return RequestSigner.sign(call, source.key(deadline), time.now());
    }

    @Override
    public boolean renew(Site site, Deadline deadline) throws CloudException {
        return source.renew(deadline);
    }
}
