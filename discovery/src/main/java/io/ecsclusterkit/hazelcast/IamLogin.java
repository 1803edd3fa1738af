package io.ecsclusterkit.hazelcast;

import java.io.IOException;

/** The IAM user of the configuration. */
final class IamLogin {

    private final String domain;
    private final String user;
    private final Secret password;

    IamLogin(String domain, String user, Secret password) {
        this.domain = domain;
        this.user = user;
        this.password = password;
    }

    /** The body of KeystoneCreateUserTokenByPassword, scoped to the site's project, or to the region's own project. */
    String body(Site site) throws CloudException {
        String scope = site.projectId() == null ? "{\"name\":" + quote(site.region()) + "}"
                : "{\"id\":" + quote(site.projectId()) + "}";
        return "{\"auth\":{\"identity\":{\"methods\":[\"password\"],\"password\":{\"user\":{\"name\":" + quote(user)
                + ",\"password\":" + quote(password()) + ",\"domain\":{\"name\":" + quote(domain) + "}}}},"
                + "\"scope\":{\"project\":" + scope + "}}}";
    }

    private String password() throws CloudException {
        try {
            return password.reveal();
        } catch (IOException e) {
            throw CloudException.lasting("the file of iam-password-file can no longer be read");
        }
    }

    private static String quote(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c == '"' || c == '\\') {
                out.append('\\').append((char) c);
            } else if (c < ' ') {
                out.append(String.format("\\u%04x", c));
            } else {
                out.append((char) c);
            }
        });
        return out.append('"').toString();
    }
}
