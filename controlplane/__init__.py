"""What happens at run time: domain (nouns), ports (roles), adapters (vendors), cache, operations (verbs), agent."""
