package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.InvalidConfigurationException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A secret given in the configuration or in a file of its own; it never prints itself. */
final class Secret {

    private final String value;
    private final Path file;

    private Secret(String value, Path file) {
        this.value = value;
        this.file = file;
    }

    static Secret of(String value) {
        return new Secret(value, null);
    }

    /**
     * A secret kept in a file: its text without the white space around it.
     *
     * @throws InvalidConfigurationException when the file cannot be read or is empty
     */
    static Secret inFile(String property, String name) {
        Secret secret = new Secret(null, Path.of(name));
        try {
            if (secret.reveal().isEmpty()) {
                throw new InvalidConfigurationException("The file '" + name + "' of " + property + " is empty.");
            }
        } catch (IOException e) {
            throw new InvalidConfigurationException("The file '" + name + "' of " + property
                    + " cannot be read by the user that runs this member (" + e.getClass().getSimpleName() + ").");
        }
        return secret;
    }

    /**
     * The secret itself. A file is read each time, so that a rotated secret is used without a restart.
     *
     * @throws IOException when the file cannot be read
     */
    String reveal() throws IOException {
        return file == null ? value : Files.readString(file).trim();
    }

    @Override
    public String toString() {
        return "***";
    }
}
