package io.ecsclusterkit.hazelcast;

import com.hazelcast.config.InvalidConfigurationException;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** The configured values by property, with the one rule for all: blank means absent. */
final class Settings {

    private static final int LONGEST_SECONDS = 3600;

    private final Map<EcsProperties, String> values = new EnumMap<>(EcsProperties.class);

    Settings(Map<String, ?> properties) {
        for (EcsProperties property : EcsProperties.values()) {
            Object value = properties.get(property.key());
            if (value != null && !value.toString().isBlank()) {
                values.put(property, value.toString().trim());
            }
        }
    }

    boolean has(EcsProperties property) {
        return values.containsKey(property);
    }

    /** The value, or null. */
    String text(EcsProperties property) {
        return values.get(property);
    }

    /** The parts of a comma list; empty when absent. */
    List<String> list(EcsProperties property) {
        List<String> parts = new ArrayList<>();
        if (has(property)) {
            for (String part : text(property).split(",", -1)) {
                if (part.isBlank()) {
                    throw invalid(property, "has an empty part: give values with one comma between them");
                }
                parts.add(part.trim());
            }
        }
        return List.copyOf(parts);
    }

    boolean flag(EcsProperties property) {
        String text = values.getOrDefault(property, "false");
        if (!"true".equalsIgnoreCase(text) && !"false".equalsIgnoreCase(text)) {
            throw invalid(property, "is neither true nor false");
        }
        return Boolean.parseBoolean(text);
    }

    Duration seconds(EcsProperties property, int usual) {
        String text = values.getOrDefault(property, Integer.toString(usual));
        if (!text.matches("\\d{1,6}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > LONGEST_SECONDS) {
            throw invalid(property, "is not a number of seconds from 1 to " + LONGEST_SECONDS);
        }
        return Duration.ofSeconds(Integer.parseInt(text));
    }

    /** A base URL without a slash at its end, or null. */
    String url(EcsProperties property) {
        if (!has(property)) {
            return null;
        }
        String text = text(property).replaceAll("/+$", "");
        try {
            URI uri = URI.create(text.replace("{region}", "region"));
            if (uri.getHost() != null && List.of("http", "https").contains(uri.getScheme()) && uri.getUserInfo() == null) {
                return text;
            }
        } catch (IllegalArgumentException e) {
            // Said below.
        }
        throw invalid(property, "is not a URL like 'https://ecs.{region}.example.com'");
    }

    /** The secret of either property, or null; giving both is an error. */
    Secret secret(EcsProperties inline, EcsProperties file) {
        if (has(inline) && has(file)) {
            throw new InvalidConfigurationException("Give either " + inline.key() + " or " + file.key() + ", not both.");
        }
        if (has(file)) {
            return Secret.inFile(file.key(), text(file));
        }
        return has(inline) ? Secret.of(text(inline)) : null;
    }

    private InvalidConfigurationException invalid(EcsProperties property, String why) {
        return new InvalidConfigurationException(property.key() + " '" + text(property) + "' " + why + ".");
    }
}
