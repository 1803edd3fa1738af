package io.ecsclusterkit.hazelcast;

import java.io.IOException;

/** The access key of the configuration. */
final class ConfiguredKey implements KeyAuthenticator.Source {

    private final String id;
    private final Secret secret;

    ConfiguredKey(String id, Secret secret) {
        this.id = id;
        this.secret = secret;
    }

    @Override
    public AccessKey key(Deadline deadline) throws CloudException {
        try {
            return new AccessKey(id, secret.reveal(), null);
        } catch (IOException e) {
            throw CloudException.lasting("the file of secret-key-file can no longer be read");
        }
    }

    @Override
    public boolean renew(Deadline deadline) {
        return false;
    }
}
