package io.ecsclusterkit.hazelcast;

/** Puts credentials on requests. */
interface Authenticator {

    /**
     * The request with credentials for that site.
     *
     * @throws CloudException when there are none to be had
     */
    HttpCall authorise(HttpCall call, Site site, Deadline deadline) throws CloudException;

    /**
     * After a 401: fetches newer credentials.
     *
     * @return whether there are any, so that one more try makes sense
     * @throws CloudException when they cannot be fetched
     */
    boolean renew(Site site, Deadline deadline) throws CloudException;
}
